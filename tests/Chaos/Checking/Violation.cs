namespace Chaos.Checking;

/// <summary>What can be wrong; the classes are those of Jepsen's Kafka workload, and what this system promises beyond Kafka.</summary>
public enum ViolationClass
{
    /// <summary>A record was acknowledged and has left no trace.</summary>
    Lost,

    /// <summary>A record has had its effect twice, or a redelivery was taken for the producer's repetition.</summary>
    Duplicated,

    /// <summary>Two records of one key and partition were taken in the wrong order.</summary>
    Reordered,

    /// <summary>Something is stored that nobody sent.</summary>
    Phantom,

    /// <summary>What is stored is not what was sent.</summary>
    Altered,

    /// <summary>A stream has a hole, or its row says another version.</summary>
    Torn,

    /// <summary>A command was answered and is not stored, or is stored otherwise than it was answered.</summary>
    CommandLost,

    /// <summary>A command is stored twice.</summary>
    CommandTwice,

    /// <summary>A read saw less than one that had ended before it began.</summary>
    ReadWentBack,

    /// <summary>A document is not what the events give.</summary>
    ProjectionDiffers,

    /// <summary>Money was made or lost.</summary>
    Money,

    /// <summary>A checkpoint was beyond what was durable.</summary>
    CheckpointTooFar,

    /// <summary>A position does not say what the stream has read.</summary>
    PositionWrong,

    /// <summary>A good record is a dead letter.</summary>
    GoodRecordDead,

    /// <summary>A record that cannot be used is stored.</summary>
    PoisonStored,

    /// <summary>The system did not come to rest.</summary>
    Stuck,

    /// <summary>The audit found a difference.</summary>
    Audit,

    /// <summary>The audit could not be finished: nothing is known of what it judges.</summary>
    AuditUnfinished,

    /// <summary>A window of a job did not come to what its records give.</summary>
    JobDiffers,

    /// <summary>A topic has a job's result twice, or in the wrong order.</summary>
    JobResultTwice,

    /// <summary>A stored event is not in its topic, twice, before an earlier one of its stream, or otherwise than it is stored.</summary>
    PublishedWrong,
}

/// <summary>A promise that was broken.</summary>
/// <param name="Class">Which.</param>
/// <param name="What">What is wrong, with the record's or stream's name.</param>
/// <param name="Place">The record's coordinates, if it is about one.</param>
/// <param name="Story">All that is known of it, in order.</param>
public sealed record Violation(ViolationClass Class, string What, Place? Place, IReadOnlyList<string> Story);

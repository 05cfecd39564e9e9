using Contracts.Records;

namespace Chaos.Checking;

/// <summary>
/// What was done to the system and what it said, as seen from outside. Times are seconds since the run began. Serializable, so that a history can be
/// kept and judged again.
/// </summary>
public sealed record History
{
    public IReadOnlyList<Sent> Records { get; init; } = [];

    /// <summary>What topics hold where nothing was acknowledged.</summary>
    public IReadOnlyList<Copy> Copies { get; init; } = [];

    public IReadOnlyList<Command> Commands { get; init; } = [];

    public IReadOnlyList<Read> Reads { get; init; } = [];

    public IReadOnlyList<CheckpointSample> Checkpoints { get; init; } = [];

    /// <summary>When the system had come to rest; null when it did not. A read that began later sees all that is stored.</summary>
    public double? Rested { get; init; }
}

/// <summary>What a record is.</summary>
public enum RecordKind
{
    /// <summary>A record that has an effect.</summary>
    Good,

    /// <summary>One that was sent before: the producer's own repetition.</summary>
    Duplicate,

    /// <summary>One that cannot be used.</summary>
    Poison,
}

/// <summary>A record that was handed to the producer.</summary>
/// <param name="Number">Its place in the order of sending.</param>
/// <param name="Topic">The topic.</param>
/// <param name="Key">The key, or null.</param>
/// <param name="Id">The id that its first event must have; null when it has none.</param>
/// <param name="Kind">What it is.</param>
/// <param name="At">When it was sent.</param>
/// <param name="Acknowledged">When Kafka acknowledged it; null when it never did: it may be there or not.</param>
/// <param name="Partition">Where it lies, if acknowledged.</param>
/// <param name="Offset">Where it lies, if acknowledged.</param>
/// <param name="Transaction">Its content, for a transaction.</param>
public sealed record Sent(
    long Number, string Topic, string? Key, Guid? Id, RecordKind Kind, double At, double? Acknowledged, int Partition, long Offset,
    TransactionRecord? Transaction = null)
{
    public Place Place => new(Topic, Partition, Offset);

    public string StreamKey => $"{(Topic == "transactions" ? "account" : "user")}/{Key}";
}

/// <summary>A record of a topic whose place was not told to its sender.</summary>
/// <param name="Place">Where it lies.</param>
/// <param name="Id">Its event's id; null of one that cannot be read.</param>
public readonly record struct Copy(Place Place, Guid? Id);

/// <summary>Where a record lies. A run has one incarnation of each topic.</summary>
public readonly record struct Place(string Topic, int Partition, long Offset)
{
    public override string ToString() => FormattableString.Invariant($"{Topic}/{Partition}@{Offset}");
}

/// <summary>How a command was answered.</summary>
public enum Answer
{
    /// <summary>Not at all, or only with "try again": it may have been done or not.</summary>
    None,

    /// <summary>It was done.</summary>
    Accepted,

    /// <summary>There was nothing to do.</summary>
    Ignored,

    /// <summary>It was refused.</summary>
    Rejected,
}

/// <summary>A command over HTTP, with all its repetitions.</summary>
/// <param name="Id">Its Idempotency-Key.</param>
/// <param name="StreamKey">The stream it is for.</param>
/// <param name="Begin">When it was first sent.</param>
/// <param name="End">When the last answer came, or it was given up.</param>
/// <param name="Answer">The answer.</param>
/// <param name="Version">The version that the answer named.</param>
public sealed record Command(string Id, string StreamKey, double Begin, double End, Answer Answer, long? Version);

/// <summary>A state that was read over HTTP.</summary>
/// <param name="StreamKey">The stream.</param>
/// <param name="Version">The version that was seen; 0 when there was nothing.</param>
/// <param name="Begin">When it was asked for.</param>
/// <param name="End">When the answer came.</param>
public sealed record Read(string StreamKey, long Version, double Begin, double End);

/// <summary>A checkpoint, and what was durable in the same snapshot of the database.</summary>
/// <param name="At">When.</param>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Next">The checkpoint: every record below it is said to be done.</param>
/// <param name="Durable">The first offset without a trace.</param>
public sealed record CheckpointSample(double At, string Topic, int Partition, long Next, long Durable);

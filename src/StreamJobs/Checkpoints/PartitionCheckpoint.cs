using StreamJobs.Engine;
using StreamJobs.State;

namespace StreamJobs.Checkpoints;

/// <summary>What a partition's jobs, or those of them that someone waits for, have to keep at one moment; it is written in one transaction, or not at all.</summary>
internal sealed class PartitionCheckpoint
{
    public required string Topic { get; init; }

    public required string Incarnation { get; init; }

    public required int Partition { get; init; }

    public required long Epoch { get; init; }

    public required long Number { get; init; }

    public IReadOnlyList<JobCheckpoint> Jobs { get; init; } = [];

    /// <summary>Results for topics, by topic, encoded.</summary>
    public required IReadOnlyList<(string Topic, byte[] Data)> Outbox { get; init; }

    /// <summary>The last checkpoint whose results are in their topics.</summary>
    public required long SentUpTo { get; init; }

    public string Owner => OwnerOf(Topic, Partition);

    public static string OwnerOf(string topic, int partition) => $"{topic}/{partition}";
}

/// <summary>One job's part of a checkpoint.</summary>
internal sealed class JobCheckpoint
{
    public required string Job { get; init; }

    public required string Shape { get; init; }

    public required JobPosition Position { get; init; }

    public required IReadOnlyList<StateBlob> Changes { get; init; }

    public required IReadOnlyList<ResultRow> Results { get; init; }

    public required IReadOnlyList<KeyValuePair<long, byte[]>> Parts { get; init; }

    public required IReadOnlyList<(long? Offset, string Error)> Exceptions { get; init; }
}

/// <summary>Where a job stands on a partition.</summary>
/// <param name="NextOffset">The next offset to take.</param>
/// <param name="MaxTimestamp">The largest timestamp, in Unix milliseconds; <see cref="long.MinValue"/> before the first record.</param>
/// <param name="Watermark">Everything before this time was seen.</param>
/// <param name="FinalUpTo">Windows that end at or before this time are final.</param>
/// <param name="IsDrained">Whether the input has ended.</param>
/// <param name="IsIdle">Whether nothing has come for the idle time-out, and nothing waits.</param>
/// <param name="Records">Records taken.</param>
/// <param name="Late">Records set aside.</param>
/// <param name="Keys">Keys in open windows.</param>
internal readonly record struct JobPosition(
    long NextOffset, long MaxTimestamp, long Watermark, long FinalUpTo, bool IsDrained, bool IsIdle, long Records, long Late, long Keys);

/// <summary>What a checkpoint had kept of a job on a partition.</summary>
internal sealed record KeptJob(JobPosition Position, string Incarnation, string? Shape, IReadOnlyList<StateBlob> State);

/// <summary>What a new owner of a partition takes over.</summary>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Checkpoint">The number of the last checkpoint.</param>
/// <param name="Jobs">What jobs have kept.</param>
/// <param name="Away">Jobs that are stopped or cancelled: nothing of them is read or written.</param>
/// <param name="Outbox">Results that may not have been sent yet.</param>
internal sealed record Takeover(
    long Epoch, long Checkpoint, IReadOnlyDictionary<string, KeptJob> Jobs, IReadOnlySet<string> Away, IReadOnlyList<(long Checkpoint, string Topic, byte[] Data)> Outbox);

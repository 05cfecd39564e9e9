namespace Orleans.Streams.Kafka;

/// <summary>What this silo's Kafka stream providers are doing: for health, metrics and an operator's eyes. A singleton in every silo.</summary>
public interface IKafkaStreamsStatus
{
    /// <summary>The partitions that this silo owns, in no particular order.</summary>
    IReadOnlyList<KafkaPartitionStatus> Partitions { get; }

    /// <summary>The topics that this silo's providers know.</summary>
    IReadOnlyList<KafkaTopicStatus> Topics { get; }
}

/// <summary>A topic, as a provider sees it.</summary>
/// <param name="Provider">The stream provider's name.</param>
/// <param name="Stream">The stream's logical name.</param>
/// <param name="Topic">The topic's name on the broker.</param>
/// <param name="Incarnation">The topic's id, or null while it isn't known.</param>
/// <param name="Partitions">How many partitions it has; 0 while it isn't known.</param>
/// <param name="Error">Why it cannot be read, or null.</param>
public sealed record KafkaTopicStatus(string Provider, string Stream, string Topic, string? Incarnation, int Partitions, string? Error);

/// <summary>How far a partition is.</summary>
public enum KafkaPartitionState
{
    /// <summary>Waiting for the broker or the checkpoint store.</summary>
    Starting,

    /// <summary>Reading.</summary>
    Reading,

    /// <summary>Interrupted by an error; it is tried again. See <see cref="KafkaPartitionStatus.LastError"/>.</summary>
    Retrying,

    /// <summary>Stopped at a gap: records are missing and <c>OnGap</c> is Stop, or the log was cut short.</summary>
    StoppedAtGap,
}

/// <summary>A partition that this silo reads.</summary>
public sealed record KafkaPartitionStatus
{
    /// <summary>The stream provider's name.</summary>
    public required string Provider { get; init; }

    /// <summary>The stream's logical name.</summary>
    public required string Stream { get; init; }

    /// <summary>The topic's name on the broker.</summary>
    public required string Topic { get; init; }

    /// <summary>The topic's incarnation, or null while it isn't known.</summary>
    public required string? Incarnation { get; init; }

    /// <summary>The partition, from 0.</summary>
    public required int Partition { get; init; }

    /// <summary>What it is doing.</summary>
    public required KafkaPartitionState State { get; init; }

    /// <summary>The oldest offset of the partition, or null while it isn't known.</summary>
    public required long? Low { get; init; }

    /// <summary>The offset after the newest record, or null while it isn't known.</summary>
    public required long? High { get; init; }

    /// <summary>The watermark: every record below it is done. What the next checkpoint says. Null before the partition was taken over.</summary>
    public required long? Position { get; init; }

    /// <summary>How often reading has begun at the position that was asked for; <see cref="Position"/> belongs to the last time. 0 before the first.</summary>
    public int Generation { get; init; }

    /// <summary>Records at or above the position, or null while it isn't known. Transaction markers count.</summary>
    public long? Lag => High is { } high && Position is { } position ? Math.Max(0, high - position) : null;

    /// <summary>Items that were read and wait for their acknowledgement: records by key, chunks by partition.</summary>
    public required int Outstanding { get; init; }

    /// <summary>Bytes of them.</summary>
    public required long OutstandingBytes { get; init; }

    /// <summary>Whether reading is paused because a limit is reached.</summary>
    public required bool Paused { get; init; }

    /// <summary>Streams whose last delivery failed, which are presented again.</summary>
    public required int FailingStreams { get; init; }

    /// <summary>Items acknowledged since the partition was taken over.</summary>
    public required long Acknowledged { get; init; }

    /// <summary>Deliveries presented again.</summary>
    public required long Redeliveries { get; init; }

    /// <summary>Items acknowledged because no grain subscribes to their stream.</summary>
    public required long Unsubscribed { get; init; }

    /// <summary>Records without a usable key, handed to <see cref="IKafkaUnroutableHandler"/>.</summary>
    public required long Unroutable { get; init; }

    /// <summary>Records lost to a gap that was skipped.</summary>
    public required long Skipped { get; init; }

    /// <summary>The last error, or null when there was none or it is over.</summary>
    public required string? LastError { get; init; }

    /// <summary>Whether it reads, and no delivery fails.</summary>
    public bool IsHealthy => State == KafkaPartitionState.Reading && FailingStreams == 0 && LastError is null;
}

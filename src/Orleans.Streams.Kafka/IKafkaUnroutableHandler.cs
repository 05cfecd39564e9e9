namespace Orleans.Streams.Kafka;

/// <summary>
/// Makes records durable that no stream can take: a stream's key is the record's key, and these have none that can be one. A record counts as
/// done when the handler has returned; while it throws, it is called again, and the partition's checkpoint stays below the record.
/// </summary>
public interface IKafkaUnroutableHandler
{
    /// <summary>Stores the record somewhere safe. May be called again with the same record.</summary>
    /// <param name="record">The record; its <see cref="KafkaRecord.Key"/> is null when the key is missing or isn't text; <see cref="KafkaRecord.BinaryKey"/> has one that isn't text.</param>
    /// <param name="reason">Why it cannot be routed.</param>
    /// <param name="cancellationToken">Cancelled when the partition is given up.</param>
    ValueTask HandleAsync(KafkaRecord record, KafkaUnroutableReason reason, CancellationToken cancellationToken);
}

/// <summary>Why a record has no stream.</summary>
public enum KafkaUnroutableReason
{
    /// <summary>The record has no key, or an empty one.</summary>
    NoKey,

    /// <summary>The key isn't UTF-8 text.</summary>
    KeyNotText,

    /// <summary>The key is longer than 200 characters.</summary>
    KeyTooLong,
}

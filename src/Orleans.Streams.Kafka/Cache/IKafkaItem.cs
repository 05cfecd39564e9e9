namespace Orleans.Streams.Kafka.Cache;

/// <summary>What the cache holds of a partition: a record (by key) or a chunk of records (by partition).</summary>
internal interface IKafkaItem
{
    /// <summary>The first offset of the item.</summary>
    long Offset { get; }

    /// <summary>The offset after the item's last one.</summary>
    long NextOffset { get; }

    /// <summary>Roughly what the item holds of memory, in bytes.</summary>
    int Size { get; }
}

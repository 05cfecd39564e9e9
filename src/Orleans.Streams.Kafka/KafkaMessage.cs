namespace Orleans.Streams.Kafka;

/// <summary>What a grain or client publishes: the payload's bytes as they shall lie on the topic.</summary>
[GenerateSerializer, Immutable]
public sealed class KafkaMessage
{
    /// <summary>The value, or null for a tombstone.</summary>
    [Id(0)] public byte[]? Value { get; init; }

    /// <summary>The key; null stands for the stream's key.</summary>
    [Id(1)] public string? Key { get; init; }

    /// <summary>The headers, in order. <c>traceparent</c> is added from the current activity unless it is among them.</summary>
    [Id(2)] public IReadOnlyList<KeyValuePair<string, byte[]>> Headers { get; init; } = [];

    /// <summary>The partition; null lets the key decide, as Java's producers do (murmur2).</summary>
    [Id(3)] public int? Partition { get; init; }

    /// <summary>The timestamp in milliseconds since the Unix epoch; null is the time of sending.</summary>
    [Id(4)] public long? TimestampMs { get; init; }
}

/// <summary>Turns items of other types than <see cref="KafkaMessage"/>, <see cref="KafkaRecord"/> and byte[] into messages, for publishing.</summary>
public interface IKafkaItemSerializer
{
    /// <summary>The message for an item that was published to a stream.</summary>
    /// <exception cref="Exception">The item cannot be serialized; publishing fails with it.</exception>
    KafkaMessage Serialize(string streamName, object item);
}

using Orleans.Streams.Kafka.Cache;

namespace Orleans.Streams.Kafka;

/// <summary>A record as it lies on a topic: the item of every Kafka stream. The payload is the topic's bytes, with no envelope of ours.</summary>
[GenerateSerializer, Immutable]
public sealed class KafkaRecord : IKafkaItem
{
    /// <summary>The longest key that names a stream, in characters.</summary>
    public const int MaxKeyCharacters = 200;

    /// <summary>The topic's name on the broker.</summary>
    [Id(0)] public required string Topic { get; init; }

    /// <summary>The topic's id: another one when the topic is deleted and created again, so that offsets of the two are never mistaken.</summary>
    [Id(1)] public required string Incarnation { get; init; }

    /// <summary>The partition, from 0.</summary>
    [Id(2)] public required int Partition { get; init; }

    /// <summary>The offset in its partition.</summary>
    [Id(3)] public required long Offset { get; init; }

    /// <summary>Kafka's timestamp, in milliseconds since the Unix epoch.</summary>
    [Id(4)] public required long TimestampMs { get; init; }

    /// <summary>The key as UTF-8 text, or null.</summary>
    [Id(5)] public string? Key { get; init; }

    /// <summary>The key's bytes where they are not UTF-8 text, and <see cref="Key"/> is null; else null.</summary>
    [Id(8)] public byte[]? BinaryKey { get; init; }

    /// <summary>The value, or null for a tombstone.</summary>
    [Id(6)] public byte[]? Value { get; init; }

    /// <summary>The headers, in order; names may repeat.</summary>
    [Id(7)] public IReadOnlyList<KeyValuePair<string, byte[]>> Headers { get; init; } = [];

    /// <summary>
    /// A record to publish. A stream object has one item type per process, so a grain that publishes to a stream which grains of its silo
    /// consume must publish <see cref="KafkaRecord"/>s too. The coordinates are Kafka's to give: they stay empty.
    /// </summary>
    /// <param name="value">The value, or null for a tombstone.</param>
    /// <param name="headers">The headers.</param>
    /// <param name="key">The key; null stands for the stream's key.</param>
    public static KafkaRecord ToPublish(byte[]? value, IReadOnlyList<KeyValuePair<string, byte[]>>? headers = null, string? key = null) => new()
    {
        Topic = "",
        Incarnation = "",
        Partition = -1,
        Offset = -1,
        TimestampMs = -1,
        Key = key,
        Value = value,
        Headers = headers ?? [],
    };

    long IKafkaItem.NextOffset => Offset + 1;

    // Object, key, array and header overhead are guessed: the limit is there to bound memory, not to account for it.
    int IKafkaItem.Size => 128 + (Value?.Length ?? 0) + (Key?.Length ?? 0) * 2 + (BinaryKey?.Length ?? 0) + Headers.Count * 96;
}

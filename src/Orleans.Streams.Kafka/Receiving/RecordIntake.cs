using Confluent.Kafka;

namespace Orleans.Streams.Kafka.Receiving;

/// <summary>Makes a <see cref="KafkaRecord"/> of each record and finds its stream.</summary>
internal sealed class RecordIntake(string topic, int partition, KeyCache keys, int capacity, long capacityBytes)
    : PartitionIntake<KafkaRecord, byte[]?>(partition, capacity, capacityBytes)
{
    private static readonly IReadOnlyList<KeyValuePair<string, byte[]>> NoHeaders = [];

    public override void OnRecord(ConsumeResult<byte[]?, byte[]?> result)
    {
        var message = result.Message;
        if (IsSkipped(message.Timestamp.UnixTimestampMs))
        {
            return;
        }

        var (key, stream, reason) = keys.Resolve(message.Key, Partition);
        var record = new KafkaRecord
        {
            Topic = topic,
            Incarnation = Incarnation,
            Partition = Partition,
            Offset = result.Offset.Value,
            TimestampMs = message.Timestamp.UnixTimestampMs,
            Key = key,
            BinaryKey = reason is KafkaUnroutableReason.KeyNotText ? message.Key : null,
            Value = message.Value,
            Headers = Headers(message.Headers),
        };
        Put(new(ArrivalKind.Item, record.Offset) { Item = record, Stream = stream, Unroutable = reason });
    }

    private static IReadOnlyList<KeyValuePair<string, byte[]>> Headers(Headers? headers)
    {
        if (headers is null or { Count: 0 })
        {
            return NoHeaders;
        }

        var copy = new KeyValuePair<string, byte[]>[headers.Count];
        for (var i = 0; i < copy.Length; i++)
        {
            copy[i] = new(headers[i].Key, headers[i].GetValueBytes() ?? []);
        }

        return copy;
    }
}

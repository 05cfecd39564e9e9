using System.Text;
using Confluent.Kafka;
using EventPlatform.Hosting;
using Orleans.Streams.Kafka;

namespace EventPlatform.Replay;

/// <summary>Reads topics from their beginning, apart from the streams.</summary>
internal sealed class TopicLog(KafkaSettings kafka)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>A consumer of its own.</summary>
    public IConsumer<byte[], byte[]> Open() => new ConsumerBuilder<byte[], byte[]>(
        new ConsumerConfig(kafka.Client.ToDictionary())
        {
            BootstrapServers = kafka.BootstrapServers,
            GroupId = $"{kafka.ConsumerGroup}-replay",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            FetchWaitMaxMs = 10, // the emulator waits this long even when it has something
            IsolationLevel = IsolationLevel.ReadCommitted,
            AutoOffsetReset = AutoOffsetReset.Error,
            ReconnectBackoffMaxMs = 1000,
        }).Build();

    /// <summary>Each partition's oldest offset, and that after its last record.</summary>
    public static IReadOnlyList<(long Low, long High)> Ranges(IConsumer<byte[], byte[]> consumer, string topic)
    {
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var partitions = admin.GetMetadata(topic, Patience).Topics.Single().Partitions.Count;
        return [.. Enumerable.Range(0, partitions).Select(p => consumer.QueryWatermarkOffsets(new TopicPartition(topic, p), Patience)).Select(w => (w.Low.Value, w.High.Value))];
    }

    /// <summary>A partition's records from the oldest up to an end.</summary>
    public static IEnumerable<KafkaRecord> Records(
        IConsumer<byte[], byte[]> consumer, string topic, int partition, long end, CancellationToken cancellationToken)
    {
        var low = consumer.QueryWatermarkOffsets(new TopicPartition(topic, partition), Patience).Low.Value;
        if (low >= end)
            yield break;
        consumer.Assign(new TopicPartitionOffset(topic, partition, low));
        while (true)
        {
            var result = consumer.Consume(cancellationToken);
            if (result.IsPartitionEOF || result.Offset.Value >= end)
                break;
            yield return new KafkaRecord
            {
                Topic = topic,
                Incarnation = "",
                Partition = partition,
                Offset = result.Offset.Value,
                TimestampMs = result.Message.Timestamp.UnixTimestampMs,
                Key = Text(result.Message.Key),
                Value = result.Message.Value,
            };
            if (result.Offset.Value == end - 1)
                break;
        }

        consumer.Unassign();
    }

    private static string? Text(byte[]? key)
    {
        try
        {
            return key is { Length: > 0 } ? new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(key) : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}

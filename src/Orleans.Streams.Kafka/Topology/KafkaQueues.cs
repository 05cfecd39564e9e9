using Orleans.Streams.Kafka.Producing;

namespace Orleans.Streams.Kafka.Topology;

/// <summary>A queue of Orleans for each partition: named by the stream, numbered by the partition.</summary>
internal sealed class KafkaQueues(TopicDirectory directory) : IStreamQueueMapper
{
    public static QueueId Queue(string stream, int partition) => QueueId.GetQueueId(stream, (uint)partition, Hash(stream, partition));

    public static (string Stream, int Partition) Partition(QueueId queue) => (queue.GetStringNamePrefix(), (int)queue.GetNumericId());

    /// <summary>Every partition of every known topic that is read, sorted, so that all silos see one order.</summary>
    public IEnumerable<QueueId> GetAllQueues() => directory.Known.Values
        .Where(t => !t.PublishOnly)
        .OrderBy(t => t.Stream, StringComparer.Ordinal)
        .SelectMany(t => Enumerable.Range(0, t.Partitions).Select(p => Queue(t.Stream, p)));

    /// <summary>The partition that a producer with Java's partitioner puts the key on.</summary>
    public QueueId GetQueueForStream(StreamId streamId)
    {
        var stream = streamId.GetNamespace() ?? "";
        return directory.Known.TryGetValue(stream, out var topic)
            ? Queue(stream, Murmur2.Partition(streamId.Key.Span, topic.Partitions))
            : throw new InvalidOperationException($"The topic of stream '{stream}' isn't known (yet).");
    }

    private static uint Hash(string stream, int partition) =>
        Murmur2.Hash(System.Text.Encoding.UTF8.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{stream}/{partition}")));
}

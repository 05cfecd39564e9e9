using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Orleans.Streams.Kafka.Status;

/// <summary>Where the silo's partitions and topics report.</summary>
internal sealed class StatusBoard : IKafkaStreamsStatus, IKafkaStreamsControl, IDisposable
{
    private readonly ConcurrentDictionary<PartitionGauge, bool> _partitions = [];
    private readonly ConcurrentDictionary<(string Provider, string Stream), KafkaTopicStatus> _topics = [];
    private readonly ConcurrentDictionary<(string Provider, string Topic), Func<long>> _keysOnTwoPartitions = [];
    private readonly Meter _meter = new(KafkaMetrics.MeterName);

    public StatusBoard()
    {
        _meter.CreateObservableGauge("streaming.lag", () => Observe(p => p.Lag), "{record}", "Records at or above the watermark.");
        _meter.CreateObservableGauge("streaming.position", () => Observe(p => p.Position), "{offset}", "The watermark.");
        _meter.CreateObservableGauge("streaming.outstanding", () => Observe(p => p.Outstanding), "{record}", "Items that wait for their acknowledgement.");
        _meter.CreateObservableGauge("streaming.outstanding.size", () => Observe(p => p.OutstandingBytes), "By", "Bytes that wait for their acknowledgement.");
        _meter.CreateObservableGauge("streaming.paused", () => Observe(p => p.Paused ? 1 : 0), "{partition}", "1 while a limit holds the partition back.");
        _meter.CreateObservableGauge("streaming.failing", () => Observe(p => p.FailingStreams), "{stream}", "Streams whose last delivery failed.");
        _meter.CreateObservableGauge("streaming.unhealthy", () => Observe(p => p.IsHealthy ? 0 : 1), "{partition}", "1 while a partition isn't read as it should be.");
        _meter.CreateObservableCounter(
            "streaming.keys.on_two_partitions",
            () => _keysOnTwoPartitions.Select(t => new Measurement<long>(t.Value(), new("provider", t.Key.Provider), new("topic", t.Key.Topic))),
            "{record}",
            "Records whose key came from another partition than the time before: producers disagree about the partitioner, or partitions were added.");
    }

    public IReadOnlyList<KafkaPartitionStatus> Partitions => [.. _partitions.Keys.Select(p => p.Snapshot())];

    public IReadOnlyList<KafkaTopicStatus> Topics => [.. _topics.Values];

    public bool Reread(string provider, string stream, int partition)
    {
        var found = _partitions.Keys.FirstOrDefault(p => p.Provider == provider && p.Stream == stream && p.Partition == partition && p.Reread is not null);
        found?.Reread!();
        return found is not null;
    }

    public Task<long?> LogEndAsync(string provider, string stream, int partition) =>
        _partitions.Keys.FirstOrDefault(p => p.Provider == provider && p.Stream == stream && p.Partition == partition)?.AskLogEnd is { } ask
            ? OwnThread.RunAsync(ask)
            : Task.FromResult<long?>(null);

    public void Add(PartitionGauge partition) => _partitions.TryAdd(partition, true);

    public void Remove(PartitionGauge partition) => _partitions.TryRemove(partition, out _);

    public void Set(KafkaTopicStatus topic) => _topics[(topic.Provider, topic.Stream)] = topic;

    public void CountKeys(string provider, string topic, Func<long> onTwoPartitions) => _keysOnTwoPartitions[(provider, topic)] = onTwoPartitions;

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> Observe(Func<KafkaPartitionStatus, long?> level)
    {
        foreach (var partition in Partitions)
        {
            if (level(partition) is { } value)
            {
                yield return new(value, new("provider", partition.Provider), new("topic", partition.Topic), new("partition", partition.Partition));
            }
        }
    }
}

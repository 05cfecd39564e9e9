using Confluent.Kafka;
using Confluent.Kafka.Admin;
using EventPlatform.AspNetCore.Http;

namespace EventPlatform.AspNetCore.Topics;

/// <summary>The first and the next offset of every partition, as the broker says; asked at most four times a second, for all.</summary>
internal sealed class BrokerWatermarks
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);
    private readonly BrokerClients _clients;
    private readonly Shared<IReadOnlyDictionary<TopicPartition, Watermarks>> _all;

    public BrokerWatermarks(BrokerClients clients, TimeProvider time)
    {
        _clients = clients;
        _all = new(QueryAsync, validFor: TimeSpan.FromMilliseconds(250), Timeout + TimeSpan.FromSeconds(1), time);
    }

    /// <summary>By topic and partition; Kafka's own topics are left out.</summary>
    /// <exception cref="KafkaException">The broker does not answer.</exception>
    public Task<IReadOnlyDictionary<TopicPartition, Watermarks>> GetAsync(CancellationToken cancellationToken) => _all.GetAsync(cancellationToken);

    private async Task<IReadOnlyDictionary<TopicPartition, Watermarks>> QueryAsync(CancellationToken cancellationToken)
    {
        // The client's metadata call blocks its thread.
        var metadata = await Task.Run(() => _clients.Admin.Call(admin => admin.GetMetadata(Timeout)), cancellationToken);
        var partitions = metadata.Topics.Where(t => !t.Topic.StartsWith("__", StringComparison.Ordinal))
            .SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.Topic, p.PartitionId))).ToArray();
        if (partitions.Length == 0)
            return new Dictionary<TopicPartition, Watermarks>();
        var offsets = await Task.WhenAll(ListAsync(partitions, OffsetSpec.Earliest()), ListAsync(partitions, OffsetSpec.Latest()));
        return partitions.Where(p => offsets.All(o => o.ContainsKey(p))).ToDictionary(p => p, p => new Watermarks(offsets[0][p], offsets[1][p]));
    }

    private async Task<Dictionary<TopicPartition, long>> ListAsync(TopicPartition[] partitions, OffsetSpec spec)
    {
        try
        {
            var specs = partitions.Select(p => new TopicPartitionOffsetSpec { TopicPartition = p, OffsetSpec = spec });
            return Offsets((await _clients.Admin.CallAsync(admin => admin.ListOffsetsAsync(specs, new ListOffsetsOptions { RequestTimeout = Timeout }))).ResultInfos);
        }
        catch (ListOffsetsException e)
        {
            return Offsets(e.Result.ResultInfos); // a partition without a leader has none; the others do
        }
    }

    private static Dictionary<TopicPartition, long> Offsets(IEnumerable<ListOffsetsResultInfo> infos) => infos
        .Where(i => !i.TopicPartitionOffsetError.Error.IsError)
        .ToDictionary(i => i.TopicPartitionOffsetError.TopicPartition, i => i.TopicPartitionOffsetError.Offset.Value);
}

/// <summary>What a partition holds.</summary>
/// <param name="Low">The first offset that can be read.</param>
/// <param name="High">The offset that the next record gets.</param>
internal readonly record struct Watermarks(long Low, long High);

using EventPlatform.Topics;
using Orleans.Streams.Kafka;
using StreamJobs.Checkpoints;

namespace EventPlatform.Jobs;

/// <summary>Jobs go on at their own checkpoints.</summary>
internal sealed class JobStartPositions(JobStore store, JobDirectory jobs, PlatformTopics topics) : IKafkaPartitionStart
{
    public async ValueTask<KafkaPartitionPosition> GetAsync(
        string provider, string topic, string incarnation, int partition, CancellationToken cancellationToken)
    {
        var logical = topics.All.Select(t => t.Name).First(n => topics.BrokerNameOf(n) == topic);
        var (next, former) = await store.PositionAsync(logical, incarnation, partition, [.. jobs.Of(logical)], cancellationToken);
        return new(next, next is null ? former : null);
    }
}

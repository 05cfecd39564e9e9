using EventStore.Checkpoints;
using Orleans.Streams.Kafka;

namespace Consume;

/// <summary>The provider's checkpoints in Postgres, as the platform keeps them; and where by partition the grains' own begin.</summary>
internal sealed class Checkpoints(IPartitionCheckpoints checkpoints) : IKafkaCheckpointStore, IKafkaPartitionStart
{
    public async ValueTask<KafkaCheckpoint> TakeOverAsync(string provider, string topic, string incarnation, int partition, CancellationToken cancellationToken)
    {
        var (epoch, next, former) = await checkpoints.TakeOverAsync(provider, topic, incarnation, partition, cancellationToken);
        return new(epoch, next, former);
    }

    public ValueTask<bool> SaveAsync(
        string provider, string topic, string incarnation, int partition, long epoch, long nextOffset, CancellationToken cancellationToken) =>
        checkpoints.SaveAsync(provider, topic, incarnation, partition, epoch, nextOffset, cancellationToken);

    public async ValueTask<KafkaPartitionPosition> GetAsync(string provider, string topic, string incarnation, int partition, CancellationToken cancellationToken) =>
        new((await checkpoints.ListAsync(cancellationToken)).FirstOrDefault(c => c.Topic == topic && c.Partition == partition)?.NextOffset);
}

/// <summary>Every record of the benchmark has a key.</summary>
internal sealed class NoUnroutable : IKafkaUnroutableHandler
{
    public ValueTask HandleAsync(KafkaRecord record, KafkaUnroutableReason reason, CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"A record without a usable key: {reason}");
}

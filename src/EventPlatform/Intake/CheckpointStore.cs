using EventStore.Checkpoints;
using Orleans.Streams.Kafka;

namespace EventPlatform.Intake;

/// <summary>The stream provider's checkpoints, kept in the event store's database.</summary>
internal sealed class CheckpointStore(IPartitionCheckpoints checkpoints) : IKafkaCheckpointStore
{
    public async ValueTask<KafkaCheckpoint> TakeOverAsync(
        string provider, string topic, string incarnation, int partition, CancellationToken cancellationToken)
    {
        var (epoch, nextOffset, former) = await checkpoints.TakeOverAsync(provider, topic, incarnation, partition, cancellationToken);
        return new KafkaCheckpoint(epoch, nextOffset, former);
    }

    public ValueTask<bool> SaveAsync(
        string provider, string topic, string incarnation, int partition, long epoch, long nextOffset, CancellationToken cancellationToken) =>
        checkpoints.SaveAsync(provider, topic, incarnation, partition, epoch, nextOffset, cancellationToken);
}

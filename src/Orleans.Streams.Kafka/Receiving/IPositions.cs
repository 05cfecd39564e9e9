namespace Orleans.Streams.Kafka.Receiving;

/// <summary>Where a partition's position is kept: in the provider's checkpoints (by key), or with the subscriber (by partition).</summary>
internal interface IPositions
{
    ValueTask<KafkaCheckpoint> TakeOverAsync(string topic, string incarnation, int partition, CancellationToken cancellationToken);

    ValueTask<bool> SaveAsync(string topic, string incarnation, int partition, long epoch, long nextOffset, CancellationToken cancellationToken);
}

internal sealed class StoredPositions(string provider, IKafkaCheckpointStore store) : IPositions
{
    public ValueTask<KafkaCheckpoint> TakeOverAsync(string topic, string incarnation, int partition, CancellationToken cancellationToken) =>
        store.TakeOverAsync(provider, topic, incarnation, partition, cancellationToken);

    public ValueTask<bool> SaveAsync(string topic, string incarnation, int partition, long epoch, long nextOffset, CancellationToken cancellationToken) =>
        store.SaveAsync(provider, topic, incarnation, partition, epoch, nextOffset, cancellationToken);
}

/// <summary>The subscriber checkpoints by itself; this provider only asks it where to go on.</summary>
internal sealed class SubscriberPositions(string provider, IKafkaPartitionStart start) : IPositions
{
    public async ValueTask<KafkaCheckpoint> TakeOverAsync(string topic, string incarnation, int partition, CancellationToken cancellationToken)
    {
        var position = await start.GetAsync(provider, topic, incarnation, partition, cancellationToken);
        return new(0, position.NextOffset, position.FormerIncarnation);
    }

    public ValueTask<bool> SaveAsync(string topic, string incarnation, int partition, long epoch, long nextOffset, CancellationToken cancellationToken) => new(true);
}

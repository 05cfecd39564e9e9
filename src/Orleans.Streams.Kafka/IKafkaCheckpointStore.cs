namespace Orleans.Streams.Kafka;

/// <summary>
/// Keeps, per partition, the offset below which every record is done. Owners are fenced by an epoch: taking a partition over raises it, and a
/// save under an older epoch is refused, so that a silo that was thought dead cannot move a checkpoint back.
/// </summary>
public interface IKafkaCheckpointStore
{
    /// <summary>Takes the partition over and returns where to go on.</summary>
    /// <exception cref="Exception">The store could not be reached; the receiver waits and tries again.</exception>
    ValueTask<KafkaCheckpoint> TakeOverAsync(string provider, string topic, string incarnation, int partition, CancellationToken cancellationToken);

    /// <summary>Saves the next offset to read. Returns false when the epoch is not the newest any more: the caller stops reading.</summary>
    /// <exception cref="Exception">The store could not be reached; the caller tries again later.</exception>
    ValueTask<bool> SaveAsync(
        string provider, string topic, string incarnation, int partition, long epoch, long nextOffset, CancellationToken cancellationToken);
}

/// <summary>What a checkpoint store knows of a partition.</summary>
/// <param name="Epoch">The epoch of the owner that has just taken over.</param>
/// <param name="NextOffset">The next offset to read, or null when this incarnation has no checkpoint yet.</param>
/// <param name="FormerIncarnation">
/// The incarnation of the newest checkpoint when it is another one than asked for: the topic was created again. Null otherwise.
/// </param>
public sealed record KafkaCheckpoint(long Epoch, long? NextOffset, string? FormerIncarnation);

using EventStore.Appending;

namespace EventStore.Checkpoints;

/// <summary>
/// Keeps, per consumer and partition, the offset below which every record is done. Owners are fenced by an epoch: taking a partition
/// over raises it, and a save under an older epoch is refused.
/// </summary>
public interface IPartitionCheckpoints
{
    /// <summary>Takes a partition over and returns where to go on.</summary>
    /// <exception cref="StoreUnavailableException">The database could not be reached. Try again.</exception>
    ValueTask<PartitionCheckpoint> TakeOverAsync(
        string provider, string topic, string incarnation, int partition, CancellationToken cancellationToken = default);

    /// <summary>
    /// Saves the next offset to read; a smaller one than is stored changes nothing. Returns false when the epoch is not the newest any
    /// more: the caller stops reading.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The database could not be reached. Try again.</exception>
    ValueTask<bool> SaveAsync(
        string provider, string topic, string incarnation, int partition, long epoch, long nextOffset,
        CancellationToken cancellationToken = default);

    /// <summary>Every partition's newest checkpoint, for display: by provider, topic and partition.</summary>
    /// <exception cref="StoreUnavailableException">The database could not be reached. Try again.</exception>
    ValueTask<IReadOnlyList<CheckpointInfo>> ListAsync(CancellationToken cancellationToken = default);
}

/// <summary>What a new owner of a partition is told.</summary>
/// <param name="Epoch">Its epoch: higher than every owner's before.</param>
/// <param name="NextOffset">The next offset to read, or null when this incarnation has no checkpoint yet.</param>
/// <param name="FormerIncarnation">
/// The incarnation of the newest checkpoint when it is another one than asked for: the topic was created again. Null otherwise.
/// </param>
public sealed record PartitionCheckpoint(long Epoch, long? NextOffset, string? FormerIncarnation);

/// <summary>A checkpoint, for display.</summary>
/// <param name="Provider">The consumer.</param>
/// <param name="Topic">The topic.</param>
/// <param name="Incarnation">The topic's incarnation.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Epoch">The epoch of the present owner.</param>
/// <param name="NextOffset">The next offset to read, or null when nothing was saved yet.</param>
/// <param name="ChangedAt">When it was last saved or taken over.</param>
public sealed record CheckpointInfo(
    string Provider, string Topic, string Incarnation, int Partition, long Epoch, long? NextOffset, DateTimeOffset ChangedAt);

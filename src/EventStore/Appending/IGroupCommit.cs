namespace EventStore.Appending;

/// <summary>
/// Commits the appends of many streams in one database transaction: while one is in flight, the next batch gathers.
/// </summary>
public interface IGroupCommit
{
    /// <summary>Commits one append, together with whatever else is waiting.</summary>
    /// <param name="append">What to write. One stream may have only one append in flight.</param>
    /// <param name="cancellationToken">Stops waiting. The append may still be committed: reload before deciding again.</param>
    /// <exception cref="StoreUnavailableException">
    /// The database could not be reached or answered with a transient error. The append may or may not be committed: reload before deciding again.
    /// </exception>
    ValueTask<AppendVerdict> AppendAsync(StreamAppend append, CancellationToken cancellationToken = default);
}

/// <summary>Reads streams back; concurrent reads share a query.</summary>
public interface IStreamLoader
{
    /// <summary>Loads a stream's events after <paramref name="afterVersion"/>, its version and its positions.</summary>
    /// <param name="streamKey">The stream's key.</param>
    /// <param name="aggregateName">The aggregate's stable name, which snapshots are kept under.</param>
    /// <param name="stateVersion">The version of the state's shape: a snapshot of another one is not used.</param>
    /// <param name="afterVersion">Null to start from the newest usable snapshot, or the version already held in memory.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="StoreUnavailableException">The database could not be reached. Try again.</exception>
    ValueTask<StreamContents> LoadAsync(
        string streamKey, string aggregateName, int stateVersion, long? afterVersion, CancellationToken cancellationToken = default);
}

/// <summary>Keeps a state beside its stream, so that an activation needs not read the whole of it.</summary>
public interface ISnapshotStore
{
    /// <summary>Stores a snapshot unless a newer one is there. Losing one costs time, never data: failures are logged, not thrown.</summary>
    ValueTask SaveAsync(string streamKey, string aggregateName, StateSnapshot snapshot, CancellationToken cancellationToken = default);
}

/// <summary>A stream as the store holds it.</summary>
/// <param name="Version">The stream's version: 0 when it has no events.</param>
/// <param name="Snapshot">The state to start from, or null to start from the aggregate's initial state.</param>
/// <param name="Events">The events after the snapshot (or after the version asked for), in order.</param>
/// <param name="Positions">How far the stream has read each partition.</param>
public sealed record StreamContents(
    long Version, StateSnapshot? Snapshot, IReadOnlyList<StoredEvent> Events, IReadOnlyList<RecordCoordinates> Positions);

/// <summary>A state at a version.</summary>
/// <param name="StateVersion">The version of the state's shape.</param>
/// <param name="Version">The stream version that the state includes.</param>
/// <param name="State">The state as JSON.</param>
public sealed record StateSnapshot(int StateVersion, long Version, string State);

/// <summary>An event as the store holds it.</summary>
/// <param name="Sequence">Its global sequence number.</param>
/// <param name="Id">Its id.</param>
/// <param name="StreamKey">Its stream.</param>
/// <param name="Version">Its place in the stream, from 1.</param>
/// <param name="TypeName">Its stable name.</param>
/// <param name="Data">The event as JSON.</param>
/// <param name="Timestamp">When the store took it.</param>
/// <param name="Source">What caused it, or null when it was written by something else than this library.</param>
public sealed record StoredEvent(
    long Sequence, Guid Id, string StreamKey, long Version, string TypeName, string Data, DateTimeOffset Timestamp, EventSource? Source);

/// <summary>The database could not be reached, or failed in a way that passes. Nothing is lost: the caller tries again.</summary>
[GenerateSerializer]
public sealed class StoreUnavailableException(string message, Exception? innerException = null) : Exception(message, innerException);

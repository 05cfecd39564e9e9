using EventStore.Appending;

namespace EventStore.Aggregates.Journal;

/// <summary>Folds a stream into a view: from its snapshot at first, later only what is new.</summary>
internal sealed class StreamReader<TState, TRecord, TEvent>(AggregateKind kind, StreamName name)
    where TState : class, IAggregate<TState, TRecord, TEvent>
    where TRecord : class
    where TEvent : class
{
    // A version to load after, where null would mean "from the snapshot".
    private const long Beginning = 0;

    public async Task ReadAsync(AggregateView<TState> view)
    {
        if (view.State is null || await LoadAsync(view.Version) is not { } news || news.Version < view.Version)
            await ReadFromSnapshotAsync(view);
        else
            Fold(view, view.State, view.Version, news);
    }

    private async Task ReadFromSnapshotAsync(AggregateView<TState> view)
    {
        var contents = await LoadAsync(null);
        if (contents.Snapshot is { } snapshot && TryDeserialize(snapshot) is { } state && snapshot.Version <= contents.Version)
        {
            Fold(view, state, snapshot.Version, contents);
            view.SnapshotVersion = snapshot.Version;
            return;
        }

        Fold(view, TState.Initial, Beginning, contents.Snapshot is null ? contents : await LoadAsync(Beginning));
        view.SnapshotVersion = Beginning;
    }

    private ValueTask<StreamContents> LoadAsync(long? afterVersion) =>
        kind.Runtime.Loader.LoadAsync(name.StreamKey, kind.Name, TState.StateVersion, afterVersion);

    private TState? TryDeserialize(StateSnapshot snapshot)
    {
        if (snapshot.StateVersion != TState.StateVersion)
            return null;
        try
        {
            return (TState)kind.Runtime.Serializer.Deserialize(name.StreamKey, snapshot.State, typeof(TState));
        }
        catch (Exception e) when (!Transient.Is(e))
        {
            AggregateLog.SnapshotUnreadable(kind.Runtime.Logger, e, name.StreamKey, snapshot.Version);
            return null;
        }
    }

    private void Fold(AggregateView<TState> view, TState state, long version, StreamContents contents)
    {
        foreach (var stored in contents.Events)
        {
            if (stored.Version != ++version)
                throw new StreamUnreadableException($"Stream {name.StreamKey} has version {stored.Version} where {version} belongs.");
            state = Apply(state, stored);
        }

        if (version != contents.Version)
            throw new StreamUnreadableException($"Stream {name.StreamKey} is at version {contents.Version}, but its events end at {version}.");
        (view.State, view.Version, view.Positions, view.IsCurrent) = (state, version, [.. contents.Positions], true);
    }

    private TState Apply(TState state, StoredEvent stored)
    {
        try
        {
            var type = kind.Runtime.EventTypes.TypeOf(stored.TypeName);
            return TState.Apply(state, (TEvent)kind.Runtime.Serializer.Deserialize(name.StreamKey, stored.Data, type))
                ?? throw new InvalidOperationException($"{typeof(TState)}.Apply gave null.");
        }
        catch (Exception e) when (!Transient.Is(e))
        {
            AggregateLog.StreamUnreadable(kind.Runtime.Logger, e, name.StreamKey, stored.Version, stored.TypeName);
            throw new StreamUnreadableException(
                $"Stream {name.StreamKey} cannot be read: {typeof(TState).Name} failed on its event {stored.Version} ('{stored.TypeName}') "
                + $"with {e.GetType().Name}: {e.Message} Its records wait. Apply must accept every event that was ever stored.");
        }
    }
}

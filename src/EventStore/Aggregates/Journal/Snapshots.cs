using EventStore.Appending;

namespace EventStore.Aggregates.Journal;

/// <summary>Writes a stream's snapshots beside its work: a snapshot saves time, and must not take any.</summary>
internal sealed class Snapshots<TState, TRecord, TEvent>(AggregateKind kind, StreamName name, AggregateView<TState> view)
    where TState : class, IAggregate<TState, TRecord, TEvent>
    where TRecord : class
    where TEvent : class
{
    private Task _saving = Task.CompletedTask;

    /// <summary>Starts a snapshot if one is due and none is being written.</summary>
    public void SaveIfDue()
    {
        if (view.Version - view.SnapshotVersion >= kind.Runtime.Options.SnapshotEvery && _saving.IsCompleted)
            _saving = SaveAsync(CancellationToken.None);
    }

    /// <summary>Waits for the snapshot being written, and writes one of what came since if that is worth it.</summary>
    public async Task SaveLastAsync(CancellationToken cancellationToken)
    {
        await _saving.WaitAsync(cancellationToken);
        if (view.Version - view.SnapshotVersion >= kind.Runtime.Options.SnapshotOnDeactivation)
            await SaveAsync(cancellationToken);
    }

    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        var version = view.Version;
        view.SnapshotVersion = version;
        try
        {
            var state = kind.Runtime.Serializer.Serialize(name.StreamKey, view.State!);
            var snapshot = new StateSnapshot(TState.StateVersion, version, state);
            await kind.Runtime.Snapshots.SaveAsync(name.StreamKey, kind.Name, snapshot, cancellationToken);
        }
        catch (Exception e)
        {
            // The next one is due after as many events again: a state that cannot be written must not be tried at every commit.
            AggregateLog.SnapshotFailed(kind.Runtime.Logger, e, name.StreamKey, version);
        }
    }
}

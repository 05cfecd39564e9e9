using System.Diagnostics;
using EventStore.Aggregates.Intake;
using EventStore.Aggregates.Journal;
using EventStore.Appending;
using Microsoft.Extensions.DependencyInjection;
using Orleans.EventSourcing;
using Orleans.Providers;
using Orleans.Storage;

namespace EventStore.Aggregates;

/// <summary>
/// A grain that is one aggregate: its state is the fold of its stream in the event store. It is the stream's one writer, takes
/// records and commands one after the other, and answers after they are durable.
/// </summary>
/// <remarks>
/// Activation does not touch the store: the first intake, command or <see cref="LoadAsync"/> does, and answers with
/// <see cref="StoreUnavailableException"/> when it cannot.
/// </remarks>
/// <typeparam name="TState">The state and its two pure functions.</typeparam>
/// <typeparam name="TRecord">The records it takes.</typeparam>
/// <typeparam name="TEvent">The events it gives.</typeparam>
[LogConsistencyProvider(ProviderName = EventLogProvider.Name)]
public abstract class AggregateGrain<TState, TRecord, TEvent>
    : JournaledGrain<AggregateView<TState>, JournalEntry<TState, TEvent>>, IGrainWithStringKey,
        IEventLogHost<AggregateView<TState>, JournalEntry<TState, TEvent>>, IJournal<TState, TRecord, TEvent>
    where TState : class, IAggregate<TState, TRecord, TEvent>
    where TRecord : class
    where TEvent : class
{
    // Orleans gives a grain one request at a time. This keeps the order also where a subclass allows interleaving, as timers may.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<CommittedEvent<TEvent>> _committed = [];
    private AggregateKind _kind = null!;
    private StreamName _name = null!;
    private EventLog<TState, TRecord, TEvent> _log = null!;
    private Snapshots<TState, TRecord, TEvent> _snapshots = null!;
    private TaskCompletionSource? _moved; // there while someone waits

    /// <summary>The aggregate's id: the grain's key, and the key of its records.</summary>
    protected string Key => _name.Key;

    /// <summary>The key of its stream: <c>aggregate/id</c>.</summary>
    protected string StreamKey => _name.StreamKey;

    /// <summary>The state, with everything that is durable. Call <see cref="LoadAsync"/> before reading it outside of a command.</summary>
    /// <exception cref="InvalidOperationException">It has not been loaded.</exception>
    protected new TState State => _log.View.State
        ?? throw new InvalidOperationException($"The state of {StreamKey} is not loaded: await LoadAsync() before reading it.");

    /// <summary>The stream's version in the store: the number of its events.</summary>
    protected new long Version => _log.View.Version;

    /// <summary>How far the stream has read each partition.</summary>
    protected IReadOnlyList<RecordCoordinates> Positions => _log.View.Positions;

    /// <summary>Loads the state unless it is there.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="StoreUnavailableException">The database could not be reached.</exception>
    /// <exception cref="StreamUnreadableException">The history cannot be folded.</exception>
    protected async ValueTask LoadAsync(CancellationToken cancellationToken = default)
    {
        while (!_log.View.IsCurrent)
        {
            await RefreshNow().WaitAsync(cancellationToken);
            _log.ThrowIfUnread();
        }
    }

    /// <summary>
    /// Loads the state, however long that takes, and waits until it includes a record or the time is over; <see cref="Positions"/> tell which. Only for a method that interleaves
    /// (<c>[AlwaysInterleave]</c>): the record would wait for any other.
    /// </summary>
    /// <param name="record">The record.</param>
    /// <param name="atMost">How long to wait. An activation that ends waits for its calls: a second, and to be asked again, is better than long.</param>
    /// <exception cref="StoreUnavailableException">The database could not be reached.</exception>
    /// <exception cref="StreamUnreadableException">The history cannot be folded.</exception>
    protected async Task WaitForAsync(RecordCoordinates record, TimeSpan atMost)
    {
        for (var begun = Stopwatch.GetTimestamp(); ;)
        {
            if (!_log.View.IsCurrent)
                await LoadInTurnAsync();
            var left = atMost - Stopwatch.GetElapsedTime(begun);
            if (_log.View.Positions.Cover(record) || left.TotalMilliseconds < 1)
                return;
            _moved ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            await _moved.Task.WaitAsync(left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    /// <summary>
    /// Takes records in. When it returns, each is durable: its events, its ledger row or its dead letter, with its position.
    /// When it throws, nothing may be acknowledged, and the batch is to be sent again.
    /// </summary>
    /// <param name="batch">The records, in the order of their partition.</param>
    /// <param name="cancellationToken">Stops waiting; what was sent may still be committed.</param>
    /// <exception cref="StoreUnavailableException">The database could not be reached.</exception>
    /// <exception cref="StreamUnreadableException">The history cannot be folded.</exception>
    /// <exception cref="StreamContentionException">Other writers were faster each time.</exception>
    protected Task IntakeAsync(IReadOnlyList<IncomingRecord<TRecord>> batch, CancellationToken cancellationToken = default) =>
        TakeAsync(batch, cancellationToken);

    /// <summary>Takes a dead letter's record in again, at the end of the stream. When it returns null, the record is durable.</summary>
    /// <param name="record">The record, possibly mended.</param>
    /// <param name="cancellationToken">Stops waiting; what was sent may still be committed.</param>
    /// <returns>What is still wrong with it; it then leaves no trace but the dead letter that it has.</returns>
    /// <exception cref="StoreUnavailableException">The database could not be reached.</exception>
    /// <exception cref="StreamUnreadableException">The history cannot be folded.</exception>
    /// <exception cref="StreamContentionException">Other writers were faster each time.</exception>
    protected Task<RecordFault?> ReprocessAsync(IncomingRecord<TRecord> record, CancellationToken cancellationToken = default) =>
        TakeAsync([record with { Reprocessed = true }], cancellationToken);

    /// <summary>
    /// Runs a command: decides on the current state, commits, and answers. The same id again gives the earlier answer, also after
    /// a restart and after an answer that was lost.
    /// </summary>
    /// <param name="id">The command's id.</param>
    /// <param name="decide">What the command means in a state. Pure: it may run several times. What it throws reaches the caller.</param>
    /// <param name="cancellationToken">Stops waiting; the command may still be committed.</param>
    /// <exception cref="StoreUnavailableException">The database could not be reached. Send the command again with the same id.</exception>
    /// <exception cref="StreamUnreadableException">The history cannot be folded.</exception>
    /// <exception cref="StreamContentionException">Other writers were faster each time.</exception>
    protected Task<Receipt> Execute(CommandId id, Func<TState, Decision<TEvent>> decide, CancellationToken cancellationToken = default) =>
        InTurnAsync(() => new CommandIntake<TState, TRecord, TEvent>(this).ExecuteAsync(id, decide, cancellationToken), cancellationToken);

    /// <summary>
    /// Called after events became durable, to nudge whoever waits for them. Not called again if it fails or the process dies
    /// before: what must happen needs a reminder or a projection.
    /// </summary>
    /// <param name="events">The events, in order.</param>
    protected virtual Task OnCommittedAsync(IReadOnlyList<CommittedEvent<TEvent>> events) => Task.CompletedTask;

    /// <summary>Does not wait for the store: the base class would, without end, and the first delivery with it.</summary>
    /// <param name="cancellationToken">Not used.</param>
    public override Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Writes a snapshot if one is worth it.</summary>
    /// <param name="reason">Not used.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        _snapshots.SaveLastAsync(cancellationToken);

    /// <inheritdoc/>
    protected sealed override void TransitionState(AggregateView<TState> state, JournalEntry<TState, TEvent> @event)
    {
        state.State = @event.After;
        state.Version++;
    }

    /// <inheritdoc/>
    protected sealed override void InstallAdaptor(
        ILogViewAdaptorFactory factory, object initialState, string graintypename, IGrainStorage? grainStorage,
        ILogConsistencyProtocolServices services)
    {
        _kind = ServiceProvider.GetRequiredService<AggregateRuntime>().KindOf(GetType(), typeof(TEvent));
        _name = StreamName.Of(_kind.Name, this.GetPrimaryKeyString());
        _log = new(_kind, _name);
        _snapshots = new(_kind, _name, _log.View);
        base.InstallAdaptor(factory, initialState, graintypename, grainStorage, services);
    }

    IEventLog<AggregateView<TState>, JournalEntry<TState, TEvent>> IEventLogHost<AggregateView<TState>, JournalEntry<TState, TEvent>>.Log => _log;

    AggregateKind IJournal<TState, TRecord, TEvent>.Kind => _kind;

    StreamName IJournal<TState, TRecord, TEvent>.Name => _name;

    async ValueTask<Draft<TState, TRecord, TEvent>> IJournal<TState, TRecord, TEvent>.BeginAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        return new(_kind, _name, _log.View);
    }

    async ValueTask<AppendVerdict> IJournal<TState, TRecord, TEvent>.CommitAsync(
        Draft<TState, TRecord, TEvent> draft, CancellationToken cancellationToken)
    {
        draft.CancellationToken = cancellationToken;
        if (draft.Entries.Count == 0)
            await _log.SendAsync(draft, confirm: () => { }); // Orleans never answers a raise of no events.
        else if (!await RaiseConditionalEvents(draft.Entries))
            return new AppendVerdict.Stale(Version);

        if (draft.Verdict is AppendVerdict.Committed)
            _committed.AddRange(draft.Entries.Select((e, i) => new CommittedEvent<TEvent>(e.Event, e.Stored.Id, draft.ExpectedVersion + i + 1)));
        return draft.Verdict;
    }

    private async Task<RecordFault?> TakeAsync(IReadOnlyList<IncomingRecord<TRecord>> batch, CancellationToken cancellationToken)
    {
        using var activity = AggregateTelemetry.StartIntake(_kind.Name, StreamKey, batch);
        var started = Stopwatch.GetTimestamp();
        var fault = await InTurnAsync(() => new RecordIntake<TState, TRecord, TEvent>(this).TakeAsync(batch, cancellationToken), cancellationToken);
        AggregateTelemetry.TookIn(_kind.Name, started);
        return fault;
    }

    private async Task<T> InTurnAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        CommittedEvent<TEvent>[] committed = [];
        try
        {
            return await work();
        }
        finally
        {
            // Part of a batch may be durable although the rest of it failed.
            committed = [.. _committed];
            _committed.Clear();
            _turn.Release();
            _moved?.SetResult();
            _moved = null;
            await AfterCommitAsync(committed);
        }
    }

    /// <summary>A turn of its own: what is on its way to the store must not meet a view that was read anew meanwhile.</summary>
    private async Task LoadInTurnAsync()
    {
        await _turn.WaitAsync();
        try
        {
            await LoadAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task AfterCommitAsync(CommittedEvent<TEvent>[] committed)
    {
        if (committed.Length == 0)
            return;
        _snapshots.SaveIfDue();
        try
        {
            await OnCommittedAsync(committed);
        }
        catch (Exception e)
        {
            AggregateLog.HookFailed(_kind.Runtime.Logger, e, StreamKey, committed[^1].Version);
        }
    }
}

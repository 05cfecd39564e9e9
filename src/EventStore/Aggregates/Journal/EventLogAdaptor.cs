using Orleans.EventSourcing;
using Orleans.EventSourcing.Common;
using Orleans.Storage;

namespace EventStore.Aggregates.Journal;

/// <summary>The log that a grain brings along.</summary>
internal interface IEventLog<TView, TEntry>
{
    TView View { get; }

    long Version { get; }

    /// <summary>Brings the view up to date. Never throws.</summary>
    Task ReadAsync();

    /// <summary>Sends the oldest pending append; returns how many entries it answered. Never throws.</summary>
    Task<int> WriteAsync(IReadOnlyList<TEntry> pending, Action<TEntry> confirm);
}

internal interface IEventLogHost<TView, TEntry>
{
    IEventLog<TView, TEntry> Log { get; }
}

/// <summary>
/// Joins Orleans' journal to the event store. The base class asks of a write that it "must block/retry until successful": a
/// result of 0 makes it write again at once, for ever, and an exception leaves the caller waiting for ever. So every write here
/// counts as done, and what became of it is in its <see cref="JournalAppend"/>.
/// </summary>
internal sealed class EventLogAdaptor<TView, TEntry>(
    ILogViewAdaptorHost<TView, TEntry> host, TView initial, ILogConsistencyProtocolServices services, IEventLog<TView, TEntry> log)
    : PrimaryBasedLogViewAdaptor<TView, TEntry, SubmissionEntry<TEntry>>(host, initial, services)
    where TView : class, new()
    where TEntry : class
{
    // The base class would read the store in the background from here on; the first intake or command does, and can be answered.
    public override Task PreOnActivate() => Task.CompletedTask;

    protected override void InitializeConfirmedView(TView initialstate)
    {
        // The log holds the view.
    }

    protected override TView LastConfirmedView() => log.View;

    // Orleans counts in int. It compares this only with itself, so a stream of more than 2^31 events does no harm.
    protected override int GetConfirmedVersion() => unchecked((int)log.Version);

    protected override Task ReadAsync() => log.ReadAsync();

    protected override async Task<int> WriteAsync() =>
        await log.WriteAsync([.. GetCurrentBatchOfUpdates().Select(update => update.Entry!)], entry => Host.UpdateView(log.View, entry));

    protected override SubmissionEntry<TEntry> MakeSubmissionEntry(TEntry entry) => new() { Entry = entry };
}

/// <summary>Installs the adaptor in the aggregates' grains.</summary>
internal sealed class EventLogProvider : ILogViewAdaptorFactory
{
    public const string Name = "EventStore";

    public bool UsesStorageProvider => false;

    public ILogViewAdaptor<TView, TEntry> MakeLogViewAdaptor<TView, TEntry>(
        ILogViewAdaptorHost<TView, TEntry> hostGrain, TView initialState, string grainTypeName, IGrainStorage? grainStorage,
        ILogConsistencyProtocolServices services)
        where TView : class, new()
        where TEntry : class => hostGrain is IEventLogHost<TView, TEntry> host
            ? new EventLogAdaptor<TView, TEntry>(hostGrain, initialState, services, host.Log)
            : throw new InvalidOperationException($"{grainTypeName} must derive from AggregateGrain to use the log-consistency provider '{Name}'.");
}

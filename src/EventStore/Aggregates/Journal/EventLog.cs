using System.Runtime.ExceptionServices;

namespace EventStore.Aggregates.Journal;

/// <summary>One stream of the store, as the journal of one activation.</summary>
internal sealed class EventLog<TState, TRecord, TEvent>(AggregateKind kind, StreamName name)
    : IEventLog<AggregateView<TState>, JournalEntry<TState, TEvent>>
    where TState : class, IAggregate<TState, TRecord, TEvent>
    where TRecord : class
    where TEvent : class
{
    private readonly StreamReader<TState, TRecord, TEvent> _reader = new(kind, name);
    private ExceptionDispatchInfo? _readFailure;

    public AggregateView<TState> View { get; } = new();

    public long Version => View.Version;

    /// <summary>Throws what the last read threw, if it did.</summary>
    public void ThrowIfUnread() => _readFailure?.Throw();

    public async Task ReadAsync()
    {
        try
        {
            await _reader.ReadAsync(View);
            _readFailure = null;
        }
        catch (Exception e)
        {
            _readFailure = ExceptionDispatchInfo.Capture(e);
        }
    }

    public async Task<int> WriteAsync(
        IReadOnlyList<JournalEntry<TState, TEvent>> pending, Action<JournalEntry<TState, TEvent>> confirm)
    {
        // The entries of one append stand together; those of a later one wait for the worker's next turn.
        var append = pending[0].Append;
        var entries = pending.TakeWhile(entry => entry.Append == append).ToList();
        await SendAsync(append, () => entries.ForEach(confirm));
        return entries.Count;
    }

    /// <summary>Sends an append and, once it is durable, brings the view to where it leads.</summary>
    public async Task SendAsync(JournalAppend append, Action confirm)
    {
        if (await append.SendAsync(kind.Runtime.Store) is not (var sent, var version))
        {
            // Refused, overtaken or without an answer: whatever it was, the store is asked before the next decision.
            View.IsCurrent = false;
            return;
        }

        confirm();
        foreach (var position in sent.Positions)
            View.Positions = View.Positions.Advance(position);
        View.IsCurrent = View.Version == version;
    }
}

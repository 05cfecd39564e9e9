using EventStore.Aggregates.Journal;
using EventStore.Appending;

namespace EventStore.Aggregates.Intake;

/// <summary>What intake and commands need of the grain.</summary>
internal interface IJournal<TState, TRecord, TEvent>
    where TState : class, IAggregate<TState, TRecord, TEvent>
    where TRecord : class
    where TEvent : class
{
    AggregateKind Kind { get; }

    StreamName Name { get; }

    /// <summary>Reads what the store holds beyond the view, unless the view is current, and opens a draft on it.</summary>
    ValueTask<Draft<TState, TRecord, TEvent>> BeginAsync(CancellationToken cancellationToken);

    /// <summary>Commits a draft. Any verdict but Committed makes the next draft read the store first.</summary>
    ValueTask<AppendVerdict> CommitAsync(Draft<TState, TRecord, TEvent> draft, CancellationToken cancellationToken);
}

/// <summary>Counts the attempts at one append, and notes why there was another.</summary>
internal struct Attempts
{
    // Each one asked the store, which takes a moment of its own. With one writer per stream, the second normally succeeds.
    private const int Most = 10;

    private int _made;

    public void Retry(AggregateKind kind, StreamName name, string verdict)
    {
        AggregateTelemetry.Retried(kind.Name, verdict);
        if (++_made >= Most)
            throw new StreamContentionException(
                $"Stream {name.StreamKey} was not appended to in {Most} attempts, the last one being {verdict}: something else writes to it. "
                + "Nothing was acknowledged; the batch or command can be sent again.");
    }
}

using EventStore.Appending;

namespace EventStore.Aggregates.Journal;

/// <summary>An event on its way into the log, with the id and source it is stored with and the state after it.</summary>
/// <typeparam name="TState">The aggregate's state.</typeparam>
/// <typeparam name="TEvent">The aggregate's events.</typeparam>
public sealed class JournalEntry<TState, TEvent>
    where TState : class
    where TEvent : class
{
    internal JournalEntry(TEvent @event, EventToAppend stored, TState after, JournalAppend append) =>
        (Event, Stored, After, Append) = (@event, stored, after, append);

    /// <summary>The event.</summary>
    public TEvent Event { get; }

    /// <summary>The event as it is stored.</summary>
    public EventToAppend Stored { get; }

    /// <summary>The state after the event. It was computed before the event was raised, so that raising cannot fail.</summary>
    public TState After { get; }

    internal JournalAppend Append { get; }
}

namespace EventStore.Aggregates;

/// <summary>What an aggregate decided: events, nothing, or a refusal. An event, or an array of events, converts to one.</summary>
/// <typeparam name="TEvent">The aggregate's events.</typeparam>
public readonly struct Decision<TEvent>
    where TEvent : class
{
    private readonly IReadOnlyList<TEvent>? _events;

    private Decision(IReadOnlyList<TEvent> events, string? reason, bool rejected) =>
        (_events, Reason, IsRejected) = (events, reason, rejected);

    /// <summary>The events to store, in order; empty when nothing happens.</summary>
    public IReadOnlyList<TEvent> Events => _events ?? [];

    /// <summary>Why nothing happens, or null when there are events.</summary>
    public string? Reason { get; }

    /// <summary>True for a refusal: from Kafka a ledger row, over HTTP a 422.</summary>
    public bool IsRejected { get; }

    /// <summary>One event.</summary>
    public static implicit operator Decision<TEvent>(TEvent @event) => new([@event], null, false);

    /// <summary>Several events, in order.</summary>
    public static implicit operator Decision<TEvent>(TEvent[] events) => new(events, null, false);

    /// <summary>Nothing to do.</summary>
    public static implicit operator Decision<TEvent>(Decision.Ignored ignored) => new([], ignored.Reason, false);

    /// <summary>A refusal.</summary>
    public static implicit operator Decision<TEvent>(Decision.Rejected rejected) => new([], rejected.Reason, true);
}

/// <summary>The decisions that give no event.</summary>
public static class Decision
{
    /// <summary>Nothing to do: the record is already taken care of, or means nothing to this aggregate.</summary>
    /// <param name="reason">For the ledger and for whoever asks where their record went.</param>
    public static Ignored Ignore(string reason) => new(reason);

    /// <summary>A refusal: from Kafka a ledger row, over HTTP a 422 with this reason.</summary>
    /// <param name="reason">For the ledger and the caller.</param>
    public static Rejected Reject(string reason) => new(reason);

    /// <summary>See <see cref="Ignore"/>.</summary>
    /// <param name="Reason">Why.</param>
    public readonly record struct Ignored(string Reason);

    /// <summary>See <see cref="Reject"/>.</summary>
    /// <param name="Reason">Why.</param>
    public readonly record struct Rejected(string Reason);
}

using EventStore.Aggregates;

namespace EventStore.Testing;

/// <summary>A state that is about to decide.</summary>
/// <typeparam name="TState">The aggregate.</typeparam>
public sealed class GivenState<TState>
    where TState : class
{
    private readonly AggregateShape<TState> _shape;

    internal GivenState(AggregateShape<TState> shape, TState state) => (_shape, State) = (shape, state);

    /// <summary>The state that the history gave.</summary>
    public TState State { get; }

    /// <summary>Decides on a record.</summary>
    /// <param name="record">A record of the type that the aggregate takes.</param>
    public Outcome<TState> When(object record) => new(_shape, State, Capture(() => _shape.Decide(State, record)));

    /// <summary>Decides on a command: what a grain hands to <c>Execute</c>.</summary>
    /// <typeparam name="TEvent">The aggregate's events.</typeparam>
    /// <param name="command">What the command means in a state.</param>
    public Outcome<TState> When<TEvent>(Func<TState, Decision<TEvent>> command)
        where TEvent : class => new(_shape, State, Capture(() => Decided.From(command(State))));

    private static Decided Capture(Func<Decided> decide)
    {
        try
        {
            return decide();
        }
        catch (Exception e) when (e is not ScenarioException)
        {
            return new([], null, false, e);
        }
    }
}

/// <summary>A decision whose event type does not matter any more.</summary>
internal sealed record Decided(IReadOnlyList<object> Events, string? Reason, bool IsRejected, Exception? Exception = null)
{
    public static Decided From<TEvent>(Decision<TEvent> decision)
        where TEvent : class => new(decision.Events, decision.Reason, decision.IsRejected);
}

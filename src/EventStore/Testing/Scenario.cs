namespace EventStore.Testing;

/// <summary>
/// Given/when/then for aggregates, without I/O. Add <c>using static EventStore.Testing.Scenario;</c> and write
/// <c>Given&lt;Order&gt;(new OrderPlaced("1", 9m)).When(Records.Cancel("1")).Then(new OrderCancelled("1", "late"));</c>
/// Works with every test framework: what does not hold throws a <see cref="ScenarioException"/> that shows both sides as JSON.
/// </summary>
public static class Scenario
{
    /// <summary>The history that a decision is made on.</summary>
    /// <typeparam name="TState">The aggregate: a state that implements <see cref="Aggregates.IAggregate{TSelf, TRecord, TEvent}"/>.</typeparam>
    /// <param name="events">What happened so far, in order; nothing for a new stream.</param>
    /// <exception cref="ScenarioException"><typeparamref name="TState"/> is no aggregate, or one of the events is not one of its own, or cannot be stored.</exception>
    public static GivenState<TState> Given<TState>(params object[] events)
        where TState : class
    {
        var shape = AggregateShape<TState>.Instance;
        return new(shape, shape.Fold(shape.Initial, events));
    }
}

/// <summary>An expectation of a scenario that does not hold, or a scenario that makes no sense.</summary>
public sealed class ScenarioException(string message, Exception? innerException = null) : Exception(message, innerException);

namespace EventStore.Aggregates;

/// <summary>
/// An aggregate as two pure functions over an immutable state. Neither reads a clock, does I/O or keeps anything:
/// replay must give what live gave.
/// </summary>
/// <typeparam name="TSelf">The state: an immutable record, and the type that implements this interface.</typeparam>
/// <typeparam name="TRecord">The records it takes from Kafka.</typeparam>
/// <typeparam name="TEvent">The events it gives: usually an interface that its event records share.</typeparam>
public interface IAggregate<TSelf, in TRecord, TEvent>
    where TSelf : class, IAggregate<TSelf, TRecord, TEvent>
    where TEvent : class
{
    /// <summary>The state of a stream without events.</summary>
    static abstract TSelf Initial { get; }

    /// <summary>
    /// The version of the state's shape: raise it when the shape or <see cref="Apply"/> changes, so that old snapshots are left aside.
    /// </summary>
    static virtual int StateVersion => 1;

    /// <summary>What a record means in this state. One that throws makes the record a dead letter.</summary>
    static abstract Decision<TEvent> Decide(TSelf state, TRecord record);

    /// <summary>The state after an event. Must accept every event that was ever stored.</summary>
    static abstract TSelf Apply(TSelf state, TEvent @event);
}

/// <summary>The stable name of an event, as it is stored: renaming the class must not lose history.</summary>
/// <param name="name">Lower-case words joined by hyphens.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class EventNameAttribute(string name) : Attribute
{
    /// <summary>The stored name.</summary>
    public string Name { get; } = name;
}

/// <summary>The stable name of an aggregate, the first part of its streams' keys. Without it: the grain's class name in kebab-case less "Grain".</summary>
/// <param name="name">Lower-case words joined by hyphens.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class AggregateNameAttribute(string name) : Attribute
{
    /// <summary>The stored name.</summary>
    public string Name { get; } = name;
}

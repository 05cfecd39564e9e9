namespace EventStore.Aggregates;

/// <summary>An event that is durable now.</summary>
/// <typeparam name="TEvent">The aggregate's events.</typeparam>
/// <param name="Event">The event.</param>
/// <param name="Id">Its id in the store.</param>
/// <param name="Version">Its place in the stream, from 1.</param>
public readonly record struct CommittedEvent<TEvent>(TEvent Event, Guid Id, long Version)
    where TEvent : class;

using EventPlatform.Topics;
using EventStore.Projections;

namespace EventPlatform;

/// <summary>What an application is made of: its topics, aggregates, projections and subscribers.</summary>
public sealed class PlatformBuilder
{
    internal List<TopicDefinition> Topics { get; } = [];

    internal List<(Type Grain, string From)> Aggregates { get; } = [];

    internal List<Type> Projections { get; } = [];

    internal List<Type> Subscribers { get; } = [];

    /// <summary>A topic with Avro records of <typeparamref name="TRecord"/>.</summary>
    /// <param name="name">Its logical name: the same on the broker unless <c>Kafka:Topics:{name}</c> says otherwise.</param>
    /// <param name="key">A record's key; must equal its Kafka key.</param>
    /// <param name="eventId">The producer's id of a record: the same id has one effect.</param>
    /// <param name="time">When a record says that it happened.</param>
    public PlatformBuilder Topic<TRecord>(
        string name, Func<TRecord, string> key, Func<TRecord, string> eventId, Func<TRecord, DateTimeOffset> time)
        where TRecord : class
    {
        Topics.Add(new TopicDefinition<TRecord>(name, key, eventId, time));
        return this;
    }

    /// <summary>An aggregate, whose grains take the records of a topic: one grain per key.</summary>
    /// <typeparam name="TGrain">An <see cref="Intake.EventSourcedGrain{TState, TRecord, TEvent}"/>.</typeparam>
    /// <param name="from">The topic's logical name.</param>
    public PlatformBuilder Aggregate<TGrain>(string from)
        where TGrain : Grain
    {
        Aggregates.Add((typeof(TGrain), from));
        return this;
    }

    /// <summary>A projection, served at <c>/projections/{name}</c>.</summary>
    public PlatformBuilder Projection<TProjection>()
        where TProjection : class, IProjection
    {
        Projections.Add(typeof(TProjection));
        return this;
    }

    /// <summary>Code that is called with every committed event, at least once and in order.</summary>
    public PlatformBuilder Subscriber<TSubscriber>()
        where TSubscriber : class, IEventSubscriber
    {
        Subscribers.Add(typeof(TSubscriber));
        return this;
    }
}

using EventPlatform.DeadLetters;
using EventPlatform.Hosting;
using EventPlatform.Publishing;
using EventPlatform.Topics;
using EventStore.Aggregates;
using EventStore.Projections;
using Microsoft.Extensions.DependencyInjection;
using StreamJobs;

namespace EventPlatform;

/// <summary>What an application is made of: its topics, aggregates, projections and subscribers.</summary>
public sealed class PlatformBuilder
{
    private readonly List<(string From, string Grain, Action<ISiloBuilder> Subscribe)> _aggregates = [];

    internal List<TopicDefinition> Topics { get; } = [];

    internal List<AggregateSubscription> Subscriptions { get; } = [];

    /// <summary>Topics that jobs read, by partition, and no aggregate does: nobody reads them by key.</summary>
    internal IReadOnlySet<string> TopicsOfJobsAlone => Jobs.Select(j => j.Topic).Except(_aggregates.Select(a => a.From)).ToHashSet(StringComparer.Ordinal);

    internal List<Action<IServiceCollection>> Registrations { get; } = [];

    internal List<Job> Jobs { get; } = [];

    /// <summary>Topics that committed events are published to.</summary>
    internal List<string> EventTopics { get; } = [];

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

    /// <summary>
    /// An aggregate, whose grains take the records of a topic: one grain per key. A topic has one aggregate, since a record's event id has one effect; projections,
    /// subscribers and jobs read the topic's events beside it.
    /// </summary>
    /// <typeparam name="TGrain">An <see cref="Intake.EventSourcedGrain{TState, TRecord, TEvent}"/>.</typeparam>
    /// <param name="from">The topic's logical name.</param>
    public PlatformBuilder Aggregate<TGrain>(string from)
        where TGrain : Grain, IGrain
    {
        Subscriptions.Add(new AggregateSubscription(AggregateNames.Of(typeof(TGrain)), typeof(TGrain), from));
        _aggregates.Add((from, typeof(TGrain).Name, silo => silo.AddKafkaImplicitSubscription<TGrain>(from)));
        Registrations.Add(services => services.AddAggregate<TGrain>());
        return this;
    }

    /// <summary>A projection, served at <c>/projections/{name}</c>.</summary>
    public PlatformBuilder Projection<TProjection>()
        where TProjection : ProjectionDefinition, new()
    {
        Registrations.Add(services => services.AddProjection<TProjection>());
        return this;
    }

    /// <summary>Code that is called with committed events, at least once and in order.</summary>
    public PlatformBuilder Subscriber<TSubscriber>()
        where TSubscriber : class, IEventSubscriber
    {
        Registrations.Add(services => services.AddEventSubscriber<TSubscriber>());
        return this;
    }

    /// <summary>Publishes committed events to a topic as <see cref="DomainEvent"/> records, in the order of their streams, exactly once for a read_committed reader.</summary>
    /// <typeparam name="TEvent">The events: what an aggregate's events share.</typeparam>
    /// <param name="to">The topic's logical name. The schemas folder has its schema, under <c>{to}-value</c>.</param>
    /// <param name="time">When an event says that it happened.</param>
    public PlatformBuilder PublishEvents<TEvent>(string to, Func<TEvent, DateTimeOffset> time)
        where TEvent : class
    {
        EventTopics.Add(to);
        Registrations.Add(services => services.AddSingleton<IEventSubscriber>(
            s => ActivatorUtilities.CreateInstance<EventPublisher<TEvent>>(s, to, time)));
        return this;
    }

    /// <summary>
    /// A job over a topic's records, whose results are served at <c>/jobs/{name}/results</c>. A join brings its own topic, <c>{name}-inputs</c>, and the two jobs that write it; the
    /// schemas folder has that topic's schema, <c>join_input.avsc</c>.
    /// </summary>
    public PlatformBuilder Job(Job job)
    {
        Jobs.Add(job);
        Jobs.AddRange(job.Feeders);
        return job.Feeders.Any()
            ? Topic<JoinInput>(
                job.Topic, key: i => i.Key ?? "", eventId: i => $"{i.Side}-{i.Incarnation}-{i.SourcePartition}-{i.SourceOffset}-{i.Part}",
                time: i => DateTimeOffset.FromUnixTimeMilliseconds(i.Timestamp ?? 0))
            : this;
    }

    /// <summary>Topics that jobs write.</summary>
    internal IEnumerable<string> ResultTopics => Jobs.SelectMany(j => j.ResultTopics.Append(j.LateTopic)).OfType<string>();

    /// <summary>Topics that the platform itself writes.</summary>
    internal IReadOnlySet<string> TopicsWritten => EventTopics.Concat(ResultTopics).ToHashSet(StringComparer.Ordinal);

    internal void Subscribe(ISiloBuilder silo)
    {
        foreach (var (_, _, subscribe) in _aggregates)
            subscribe(silo);
    }

    internal void ThrowIfIncomplete()
    {
        var errors = Topics.GroupBy(t => t.Name).Where(g => g.Count() > 1).Select(g => $"topic '{g.Key}' is defined twice")
            .Concat(Topics.Where(t => t.Name == KafkaSettings.DeadLetterStream).Select(t => $"'{t.Name}' is the name of the topic that mirrors the dead letters"))
            .Concat(_aggregates.Where(a => Topics.All(t => t.Name != a.From)).Select(a => $"{a.Grain} reads from topic '{a.From}', which is not defined"))
            .Concat(_aggregates.GroupBy(a => a.From).Where(g => g.Count() > 1).Select(g =>
                $"{string.Join(" and ", g.Select(a => a.Grain))} both read from topic '{g.Key}', where each record would have its effect in one of them and be a dead letter of the other: "
                + "keep one aggregate per topic, and give what else needs these events to a projection, a subscriber or a job"))
            .Concat(EventTopics.GroupBy(t => t).Where(g => g.Count() > 1).Select(g => $"events are published twice to topic '{g.Key}'"))
            .Concat(EventTopics.Intersect(_aggregates.Select(a => a.From)).Select(t => $"events are published to topic '{t}', which an aggregate reads"))
            .Concat(Jobs.Where(j => Topics.All(t => t.Name != j.Topic)).Select(j => $"job '{j.Name}' reads from topic '{j.Topic}', which is not defined"))
            .Concat(Jobs.GroupBy(j => j.Name).Where(g => g.Count() > 1).Select(g => $"job '{g.Key}' is declared twice"))
            .ToArray();
        if (errors.Length > 0)
            throw new InvalidOperationException($"AddEventPlatform: {string.Join("; ", errors)}.");
    }
}

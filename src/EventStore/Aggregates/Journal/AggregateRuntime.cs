using System.Collections.Concurrent;
using EventStore.Appending;
using EventStore.Reading;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EventStore.Aggregates.Journal;

/// <summary>What all aggregates share.</summary>
internal sealed class AggregateRuntime(
    IGroupCommit store, IStreamLoader loader, IEventReader reader, ISnapshotStore snapshots, IEventSerializer serializer, EventTypes eventTypes,
    IOptions<AggregateOptions> options, ILogger<AggregateRuntime> logger)
{
    private readonly ConcurrentDictionary<Type, AggregateKind> _kinds = new();

    public IGroupCommit Store => store;

    public IStreamLoader Loader => loader;

    public IEventReader Reader => reader;

    public ISnapshotStore Snapshots => snapshots;

    public IEventSerializer Serializer => serializer;

    public EventTypes EventTypes => eventTypes;

    public AggregateOptions Options => options.Value;

    public ILogger Logger => logger;

    /// <summary>A grain class' name and services.</summary>
    /// <exception cref="InvalidOperationException">Its events are not registered, so that the store's readers would not know them.</exception>
    public AggregateKind KindOf(Type grainType, Type eventBase) => _kinds.GetOrAdd(grainType, type =>
        eventTypes.All.Any(eventBase.IsAssignableFrom) ? new AggregateKind(AggregateNames.Of(type), this)
            : throw new InvalidOperationException($"The events of {type} are not registered: call services.AddAggregate<{type.Name}>() at start-up."));
}

/// <summary>What all grains of one aggregate share.</summary>
internal sealed record AggregateKind(string Name, AggregateRuntime Runtime)
{
    private readonly ConcurrentDictionary<Type, string> _eventNames = new();

    /// <summary>The stable name of an event, which must be one that reading it back will find.</summary>
    public string NameOf(Type eventType) => _eventNames.GetOrAdd(eventType, type =>
    {
        var name = EventTypes.NameOf(type);
        return Runtime.EventTypes.TypeOf(name) == type ? name : throw new InvalidOperationException(
            $"{type} is called '{name}', a name registered for {Runtime.EventTypes.TypeOf(name)}: as stored, it would be read back as that.");
    });
}

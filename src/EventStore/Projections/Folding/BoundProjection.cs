using EventStore.Aggregates;
using EventStore.Appending;

namespace EventStore.Projections.Folding;

/// <summary>A definition bound to the events that the application stores.</summary>
internal sealed class BoundProjection
{
    private readonly Dictionary<string, (Type Type, FoldHandler[] Handlers)> _byName;
    private readonly IEventSerializer _serializer;

    public BoundProjection(ProjectionDefinition definition, EventTypes events, IEventSerializer serializer)
    {
        (Definition, _serializer) = (definition, serializer);
        _byName = events.All
            .Select(type => (Type: type, Handlers: definition.Handlers.Where(h => h.EventType.IsAssignableFrom(type)).ToArray()))
            .Where(bound => bound.Handlers.Length > 0)
            .ToDictionary(bound => EventTypes.NameOf(bound.Type), StringComparer.Ordinal);
        EventNames = [.. _byName.Keys.Order(StringComparer.Ordinal)];

        var idle = definition.Handlers.Where(h => !events.All.Any(h.EventType.IsAssignableFrom)).Select(h => h.EventType.Name).Distinct().ToArray();
        if (idle.Length > 0 || EventNames.Length == 0)
            throw new InvalidOperationException($"Projection '{definition.Name}' handles {(idle.Length > 0 ? string.Join(", ", idle) : "no event")}: "
                + "no registered aggregate stores such an event. Register the aggregate, or its events with AddEventsOf.");
    }

    public ProjectionDefinition Definition { get; }

    /// <summary>The stored names of the events it handles.</summary>
    public string[] EventNames { get; }

    /// <summary>Which documents an event touches, and how.</summary>
    public IReadOnlyList<Touch> Touches(StoredEvent stored)
    {
        if (!_byName.TryGetValue(stored.TypeName, out var bound))
            return [];
        var data = _serializer.Deserialize(stored.StreamKey, stored.Data, bound.Type);
        var at = new EventMetadata(stored.StreamKey, stored.Version, stored.Sequence);
        if (bound.Handlers.Length == 1)
            return bound.Handlers[0].Handle(data, at);
        var touches = new List<Touch>(bound.Handlers.Length);
        foreach (var handler in bound.Handlers)
            touches.AddRange(handler.Handle(data, at));
        return touches;
    }
}

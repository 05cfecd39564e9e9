using EventStore.Aggregates;
using EventStore.Projections.Folding;

namespace EventStore.Projections;

/// <summary>The projections and subscribers of this program.</summary>
internal sealed class ProjectionSet
{
    private readonly Dictionary<(string Name, int Version), BoundProjection> _projections = [];

    public ProjectionSet(
        IEnumerable<ProjectionDefinition> definitions, IEnumerable<IEventSubscriber> subscribers, EventTypes events, IEventSerializer serializer)
    {
        foreach (var definition in definitions)
        {
            if (!_projections.TryAdd((definition.Name, definition.Version), new BoundProjection(definition, events, serializer)))
                throw new InvalidOperationException($"Projection '{definition.Name}' version {definition.Version} is registered twice.");
        }

        Subscribers = subscribers.ToDictionary(s => ProjectionDefinition.ValidName().IsMatch(s.Name) ? s.Name
            : throw new InvalidOperationException($"{s.GetType()} has the name '{s.Name}': it must be lower-case words joined by hyphens."), StringComparer.Ordinal);
        var taken = Subscribers.Keys.FirstOrDefault(name => _projections.Keys.Any(p => p.Name == name));
        if (taken is not null)
            throw new InvalidOperationException($"'{taken}' names a subscriber and a projection: give one of them another name.");
    }

    public IReadOnlyDictionary<string, IEventSubscriber> Subscribers { get; }

    public IEnumerable<string> Names => _projections.Keys.Select(p => p.Name).Concat(Subscribers.Keys).Distinct(StringComparer.Ordinal);

    public bool Knows(string name) => Subscribers.ContainsKey(name) || _projections.Keys.Any(p => p.Name == name);

    /// <summary>A projection in a version, or null when this program does not have it.</summary>
    public BoundProjection? Find(string name, int version) => _projections.GetValueOrDefault((name, version));

    /// <summary>A projection in its newest version, or null.</summary>
    public BoundProjection? Newest(string name) =>
        _projections.Where(p => p.Key.Name == name).OrderByDescending(p => p.Key.Version).Select(p => p.Value).FirstOrDefault();
}

using System.Text.Json;
using EventStore.Aggregates;
using EventStore.Appending;

namespace EventStore.Projections;

/// <summary>
/// Folds events into a projection's documents in memory, apart from everything that runs and stores projections: for tests, and for an audit that
/// computes again what is stored. It shares the handlers, which say what the documents are to be, and nothing else.
/// </summary>
/// <param name="definition">The projection.</param>
/// <param name="events">The events that the application stores.</param>
public sealed class ProjectionFold(ProjectionDefinition definition, EventTypes events)
{
    private readonly Dictionary<string, object> _documents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Type> _types = events.All
        .Where(type => definition.Handlers.Any(h => h.EventType.IsAssignableFrom(type))).ToDictionary(EventTypes.NameOf, StringComparer.Ordinal);

    /// <summary>The keys that have a document.</summary>
    public IReadOnlyCollection<string> Keys => _documents.Keys;

    /// <summary>Folds an event in; events come in the order of their sequence.</summary>
    /// <param name="stored">The event, whose data is plain JSON.</param>
    /// <param name="keeps">Which documents are wanted, by key; null for all. The others are not kept.</param>
    public void Apply(StoredEvent stored, Func<string, bool>? keeps = null)
    {
        if (!_types.TryGetValue(stored.TypeName, out var type))
            return;
        var changed = new Dictionary<string, object?>(StringComparer.Ordinal);
        try
        {
            var data = JsonSerializer.Deserialize(stored.Data, type, EventJson.Options)!;
            var at = new EventMetadata(stored.StreamKey, stored.Version, stored.Sequence);
            foreach (var touch in definition.Handlers.Where(h => h.EventType.IsAssignableFrom(type)).SelectMany(h => h.Handle(data, at)))
            {
                if (keeps is not null && !keeps(touch.Key))
                    continue;
                var before = changed.TryGetValue(touch.Key, out var earlier) ? earlier : _documents.GetValueOrDefault(touch.Key);
                changed[touch.Key] = touch.Apply(before ?? definition.InitialDocument);
            }
        }
        catch (Exception e) when (definition.SkipsFailingEvents && e is not OutOfMemoryException)
        {
            return; // wholly or not at all
        }

        foreach (var (key, document) in changed)
        {
            if (document is null)
                _documents.Remove(key);
            else
                _documents[key] = document;
        }
    }

    /// <summary>A document as JSON, or null when there is none.</summary>
    /// <param name="key">Its key.</param>
    public string? Json(string key) =>
        _documents.TryGetValue(key, out var document) ? JsonSerializer.Serialize(document, definition.DocumentType, EventJson.Options) : null;
}

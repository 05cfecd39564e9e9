using System.Text.Json;
using EventStore.Appending;

namespace EventStore.Projections.Folding;

/// <summary>
/// Folds one page in memory, in two steps: what the events touch (so that those documents can be loaded at once), then the fold itself.
/// An event counts wholly or not at all: one that fails on its second document leaves the first as it was.
/// </summary>
internal sealed class PageFold
{
    private readonly ProjectionDefinition _definition;
    private readonly List<(StoredEvent Event, IReadOnlyList<Touch> Touches)> _events = [];
    private readonly Dictionary<string, Slot> _slots = new(StringComparer.Ordinal);

    public PageFold(BoundProjection projection, IReadOnlyList<StoredEvent> events)
    {
        _definition = projection.Definition;
        foreach (var stored in events)
        {
            if (!Try(stored, () => projection.Touches(stored), out var touches))
            {
                if (_definition.SkipsFailingEvents)
                    continue;
                break;
            }

            _events.Add((stored, touches!));
            foreach (var touch in touches!)
                _slots.TryAdd(touch.Key, default);
        }
    }

    /// <summary>The keys that the page touches.</summary>
    public string[] Keys => [.. _slots.Keys];

    /// <summary>What failed: at most one event, the last looked at, unless the projection skips failing events.</summary>
    public List<EventFailedException> Failures { get; } = [];

    /// <summary>Gives the fold a document as it is; null when there is none.</summary>
    public void Use(string key, object? document) => _slots[key] = new Slot(document, 0);

    /// <summary>Gives the fold a stored document.</summary>
    public void Load(string key, string json) =>
        _slots[key] = new Slot(JsonSerializer.Deserialize(json, _definition.DocumentType, EventJson.Options), 0);

    /// <summary>Folds every event up to the first that fails.</summary>
    /// <param name="careful">True to see after each event that its documents can be stored: slow, but finds the event to blame.</param>
    public void Run(bool careful = false)
    {
        foreach (var (stored, touches) in _events)
        {
            // The failure of the first step belongs to a later event than everything that is left here.
            if (!Try(stored, () => Apply(touches, careful), out var changed))
            {
                if (_definition.SkipsFailingEvents)
                    continue;
                Failures.RemoveRange(0, Failures.Count - 1);
                return;
            }

            foreach (var (key, document) in changed!)
                _slots[key] = new Slot(document, stored.Sequence);
        }
    }

    /// <summary>The documents to write: key, JSON, the last event that touched it.</summary>
    public IEnumerable<(string Key, string Json, long Sequence)> Upserts() =>
        _slots.Where(s => s.Value is { Sequence: > 0, Document: not null })
            .Select(s => (s.Key, JsonSerializer.Serialize(s.Value.Document, _definition.DocumentType, EventJson.Options), s.Value.Sequence));

    /// <summary>A document that was touched, as it is now; null when there is none.</summary>
    public object? Document(string key) => _slots[key].Document;

    /// <summary>The keys of the documents to delete.</summary>
    public IEnumerable<string> Deletes() => _slots.Where(s => s.Value is { Sequence: > 0, Document: null }).Select(s => s.Key);

    private Dictionary<string, object?> Apply(IReadOnlyList<Touch> touches, bool careful)
    {
        var changed = new Dictionary<string, object?>(touches.Count, StringComparer.Ordinal);
        foreach (var touch in touches)
        {
            var before = changed.TryGetValue(touch.Key, out var earlier) ? earlier : _slots[touch.Key].Document;
            var after = changed[touch.Key] = touch.Apply(before ?? _definition.InitialDocument);
            if (careful && after is not null && StorableText.Encode(JsonSerializer.Serialize(after, _definition.DocumentType, EventJson.Options)) is null)
                throw new JsonException($"The document '{touch.Key}' holds a NUL character or half a surrogate pair, which Postgres cannot store.");
        }

        return changed;
    }

    private bool Try<T>(StoredEvent stored, Func<T> run, out T? result)
    {
        try
        {
            result = run();
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Failures.Add(new EventFailedException(stored, e));
            result = default;
            return false;
        }
    }

    private readonly record struct Slot(object? Document, long Sequence);
}

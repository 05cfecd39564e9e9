using System.Runtime.InteropServices;
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
            IReadOnlyList<Touch> touches;
            try
            {
                touches = projection.Touches(stored);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                Failures.Add(new EventFailedException(stored, e));
                if (_definition.SkipsFailingEvents)
                    continue;
                break;
            }

            _events.Add((stored, touches));
            for (var i = 0; i < touches.Count; i++)
                _slots.TryAdd(touches[i].Key, default);
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
            try
            {
                Apply(stored, touches, careful);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                Failures.Add(new EventFailedException(stored, e));
                if (_definition.SkipsFailingEvents)
                    continue;
                Failures.RemoveRange(0, Failures.Count - 1); // that of the first step belongs to a later event than everything that is left here
                return;
            }
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

    private void Apply(StoredEvent stored, IReadOnlyList<Touch> touches, bool careful)
    {
        if (touches.Count == 0)
            return;
        if (IsOfOne(touches)) // nearly always
        {
            ref var slot = ref CollectionsMarshal.GetValueRefOrNullRef(_slots, touches[0].Key);
            var document = slot.Document;
            for (var i = 0; i < touches.Count; i++)
                document = Apply(touches[i], document, careful);
            slot = new Slot(document, stored.Sequence);
            return;
        }

        var changed = new Dictionary<string, object?>(touches.Count, StringComparer.Ordinal);
        foreach (var touch in touches)
            changed[touch.Key] = Apply(touch, changed.TryGetValue(touch.Key, out var earlier) ? earlier : _slots[touch.Key].Document, careful);
        foreach (var (key, document) in changed)
            _slots[key] = new Slot(document, stored.Sequence);
    }

    private static bool IsOfOne(IReadOnlyList<Touch> touches)
    {
        for (var i = 1; i < touches.Count; i++)
        {
            if (touches[i].Key != touches[0].Key)
                return false;
        }

        return true;
    }

    private object? Apply(Touch touch, object? before, bool careful)
    {
        var after = touch.Apply(before ?? _definition.InitialDocument);
        if (careful && after is not null && StorableText.Encode(JsonSerializer.Serialize(after, _definition.DocumentType, EventJson.Options)) is null)
            throw new JsonException($"The document '{touch.Key}' holds a NUL character or half a surrogate pair, which Postgres cannot store.");
        return after;
    }

    private readonly record struct Slot(object? Document, long Sequence);
}

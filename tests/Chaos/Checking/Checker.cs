namespace Chaos.Checking;

/// <summary>Judges a history by what the store holds. It does no I/O and knows nothing of how the system works, only what it promises.</summary>
public static class Checker
{
    /// <summary>Every violation found.</summary>
    public static IReadOnlyList<Violation> Check(History history, StoreContents store)
    {
        var facts = new Facts(history, store);
        return
        [
            .. RecordChecks.Check(facts), .. StreamChecks.Check(facts), .. CommandChecks.Check(facts), .. ReadChecks.Check(facts),
            .. MoneyChecks.Check(facts), .. ProjectionChecks.Check(store), .. PublishedChecks.Check(store), .. CheckpointChecks.Check(facts),
        ];
    }
}

/// <summary>The history and the store, indexed, and the story of a record.</summary>
internal sealed class Facts
{
    public Facts(History history, StoreContents store)
    {
        (History, Store) = (history, store);
        FirstEvents = store.Events.Where(e => e is { Record: not null, Index: 0 }).ToLookup(e => e.Record!.Value);
        Ledger = store.Ledger.Where(l => l.Record is not null).ToLookup(l => l.Record!.Value);
        DeadLetters = store.DeadLetters.ToLookup(d => d.Record);
        Acknowledged = history.Records.Where(r => r.Acknowledged is not null).ToArray();
        ByPlace = Acknowledged.GroupBy(r => r.Place).ToDictionary(g => g.Key, g => g.First());
        Copies = history.Copies.ToDictionary(c => c.Place, c => c.Id);
        ById = history.Records.Where(r => r.Id is not null).ToLookup(r => r.Id!.Value);
    }

    public History History { get; }

    public StoreContents Store { get; }

    public IReadOnlyList<Sent> Acknowledged { get; }

    public ILookup<Place, Event> FirstEvents { get; }

    public ILookup<Place, LedgerRow> Ledger { get; }

    public ILookup<Place, DeadLetterRow> DeadLetters { get; }

    public IReadOnlyDictionary<Place, Sent> ByPlace { get; }

    public ILookup<Guid, Sent> ById { get; }

    public IReadOnlyDictionary<Place, Guid?> Copies { get; }

    /// <summary>A record that was sent and never acknowledged may lie anywhere; one that was, also where its topic holds it once more.</summary>
    public bool MayBe(Guid? id, Place place) =>
        id is { } known && (ById[known].Any(r => r.Acknowledged is null || r.Place == place) || (ById.Contains(known) && Copies.GetValueOrDefault(place) == known));

    public Violation Of(ViolationClass kind, string what, Place place) => new(kind, what, place, Story(place));

    private string[] Story(Place place)
    {
        var story = new List<string>();
        if (ByPlace.TryGetValue(place, out var sent))
            story.Add(FormattableString.Invariant($"{sent.At:0.000} s: {sent.Kind} record {sent.Number} sent, key {sent.Key ?? "none"}, id {sent.Id}; acknowledged at {sent.Acknowledged:0.000} s as {place}"));
        story.AddRange(FirstEvents[place].Select(e => $"event {e.Sequence}: {e.Type}, version {e.Version} of {e.StreamKey}, id {e.Id}"));
        story.AddRange(Ledger[place].Select(l => $"ledger: outcome {l.Outcome} in {l.StreamKey}, id {l.Id}"));
        story.AddRange(DeadLetters[place].Select(d => $"dead letter: kind {d.Kind}, {d.Reason}"));
        if (sent?.Id is { } id)
            story.AddRange(ById[id].Where(r => r.Number != sent.Number)
                .Select(r => FormattableString.Invariant($"the same id was sent as record {r.Number} at {r.At:0.000} s, {(r.Acknowledged is null ? "not acknowledged" : r.Place.ToString())}")));
        return [.. story];
    }
}

namespace Chaos.Checking;

/// <summary>Each acknowledged record has exactly one trace, of the right kind, and nothing else has one.</summary>
internal static class RecordChecks
{
    public static IEnumerable<Violation> Check(Facts facts) =>
        facts.Acknowledged.SelectMany(r => Traces(facts, r)).Concat(Effects(facts)).Concat(Phantoms(facts));

    private static IEnumerable<Violation> Traces(Facts facts, Sent record)
    {
        var place = record.Place;
        var (events, ledger, dead) = (facts.FirstEvents[place].Count(), facts.Ledger[place].Count(), facts.DeadLetters[place].Count());
        if (events + ledger + dead == 0)
            yield return facts.Of(ViolationClass.Lost, $"{place} was acknowledged and has left no trace", place);
        if (events + ledger + dead > 1)
            yield return facts.Of(ViolationClass.Duplicated, $"{place} has left {events + ledger + dead} traces: {events} events, {ledger} rows of the ledger, {dead} dead letters", place);
        if (record.Kind == RecordKind.Poison && events + ledger > 0)
            yield return facts.Of(ViolationClass.PoisonStored, $"{place} cannot be used, but is stored", place);
        if (record.Kind != RecordKind.Poison && dead > 0)
            yield return facts.Of(ViolationClass.GoodRecordDead, $"{place} is good, but a dead letter: {facts.DeadLetters[place].First().Reason}", place);
    }

    // An id has one effect, wherever its copies lie; a duplicate is one of something that is there.
    private static IEnumerable<Violation> Effects(Facts facts)
    {
        var effects = facts.Store.Events.Where(e => e is { Record: not null, Index: 0 }).Select(e => (e.Id, Place: e.Record!.Value))
            .Concat(facts.Store.Ledger.Where(l => l.Record is not null && l.Outcome != LedgerRow.Duplicate).Select(l => (l.Id, Place: l.Record!.Value)))
            .ToLookup(e => e.Id, e => e.Place);
        foreach (var again in effects.Where(places => places.Count() > 1))
            yield return facts.Of(ViolationClass.Duplicated, $"id {again.Key} has {again.Count()} effects: {string.Join(", ", again)}", again.Last());

        foreach (var row in facts.Store.Ledger.Where(l => l.Record is not null && l.Outcome == LedgerRow.Duplicate))
        {
            var place = row.Record!.Value;
            if (!effects.Contains(row.Id))
                yield return facts.Of(ViolationClass.Lost, $"{place} counts as a duplicate of {row.Id}, which has no effect", place);
            else if (facts.ById[row.Id].Count() == 1 && facts.ById[row.Id].Single().Acknowledged is not null && effects[row.Id].Contains(place))
                yield return facts.Of(ViolationClass.Duplicated, $"{place} was sent once: what counts as the producer's repetition was a redelivery", place);
        }
    }

    private static IEnumerable<Violation> Phantoms(Facts facts)
    {
        foreach (var e in facts.Store.Events.Where(e => e is { Record: not null, Index: 0 }))
            if (Judge(facts, e.Record!.Value, e.Id, e.StreamKey, $"event {e.Version} of {e.StreamKey}") is { } violation)
                yield return violation;
        foreach (var l in facts.Store.Ledger.Where(l => l.Record is not null))
            if (Judge(facts, l.Record!.Value, l.Id, l.StreamKey, $"a row of the ledger of {l.StreamKey}") is { } violation)
                yield return violation;
        foreach (var d in facts.Store.DeadLetters.Where(d => !facts.ByPlace.ContainsKey(d.Record) && !(facts.Copies.TryGetValue(d.Record, out var copy) && copy is null) && facts.History.Records.All(r => r.Acknowledged is not null)))
            yield return facts.Of(ViolationClass.Phantom, $"a dead letter is of {d.Record}, where nobody sent anything", d.Record);
    }

    private static Violation? Judge(Facts facts, Place place, Guid id, string stream, string what)
    {
        if (!facts.ByPlace.TryGetValue(place, out var sent))
            return facts.MayBe(id, place) ? null : facts.Of(ViolationClass.Phantom, $"{what} is of {place}, where nobody sent anything", place);
        if (sent.Id != id && sent.Kind != RecordKind.Poison)
            return facts.Of(ViolationClass.Altered, $"{what} has the id {id}, but {place} has {sent.Id}", place);
        return sent.StreamKey != stream && sent.Kind != RecordKind.Poison
            ? facts.Of(ViolationClass.Altered, $"{what} is of {place}, which belongs to {sent.StreamKey}", place) : null;
    }
}

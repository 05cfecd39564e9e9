namespace Chaos.Checking;

/// <summary>Each stream is whole, in the order of its records, and says so.</summary>
internal static class StreamChecks
{
    public static IEnumerable<Violation> Check(Facts facts) => facts.Store.Events.GroupBy(e => e.StreamKey).SelectMany(stream => Stream(facts, stream.Key, [.. stream.OrderBy(e => e.Version)]))
        .Concat(facts.Store.Streams.Where(s => s.Value > 0).ExceptBy(facts.Store.Events.Select(e => e.StreamKey), s => s.Key)
            .Select(s => new Violation(ViolationClass.Torn, $"{s.Key} says version {s.Value}, but has no events", null, [])))
        .Concat(Positions(facts));

    private static IEnumerable<Violation> Stream(Facts facts, string key, Event[] events)
    {
        for (var i = 0; i < events.Length; i++)
            if (events[i].Version != i + 1)
            {
                yield return new(ViolationClass.Torn, $"{key} has no version {i + 1}", events[i].Record, [$"next is event {events[i].Sequence}, version {events[i].Version}, {events[i].Type}"]);
                break;
            }

        if (facts.Store.Streams.GetValueOrDefault(key) != events[^1].Version)
            yield return new(ViolationClass.Torn, $"{key} has events up to version {events[^1].Version}, but its row says {facts.Store.Streams.GetValueOrDefault(key)}", null, []);
        for (var i = 1; i < events.Length; i++)
            if (events[i].Sequence < events[i - 1].Sequence)
                yield return new(ViolationClass.Reordered, $"{key}: version {events[i].Version} has a lower sequence number than version {events[i - 1].Version}", events[i].Record, []);

        var last = new Dictionary<(string, int), Place>();
        foreach (var place in events.Where(e => e.Index == 0).Select(e => e.Record).OfType<Place>())
        {
            if (last.TryGetValue((place.Topic, place.Partition), out var before) && before.Offset > place.Offset)
                yield return facts.Of(ViolationClass.Reordered, $"{key} took {place} after {before}", place);
            last[(place.Topic, place.Partition)] = place;
        }
    }

    // A stream's position is its newest record: less, and a redelivery has a second effect; more, and a record is passed over.
    private static IEnumerable<Violation> Positions(Facts facts)
    {
        var newest = facts.Acknowledged.Where(r => r.Kind != RecordKind.Poison).GroupBy(r => (r.StreamKey, r.Topic, r.Partition)).ToDictionary(g => g.Key, g => g.Max(r => r.Offset));
        var known = facts.Store.Positions.ToDictionary(p => (p.StreamKey, p.Topic, p.Partition), p => p.Offset);
        foreach (var (key, offset) in newest)
        {
            if (!known.TryGetValue(key, out var position) || position < offset)
                yield return facts.Of(ViolationClass.PositionWrong, $"{key.StreamKey} has read {(known.ContainsKey(key) ? $"up to {position}" : "nothing")} of {key.Topic}/{key.Partition}, but its newest record is {offset}", new(key.Topic, key.Partition, offset));
        }
    }
}

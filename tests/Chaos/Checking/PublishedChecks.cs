using System.Text.Json;
using System.Text.Json.Nodes;

namespace Chaos.Checking;

/// <summary>Whether each stored event is published as it is stored, once, and a stream's in their order.</summary>
internal static class PublishedChecks
{
    private static readonly (string Topic, string Prefix)[] Topics = [("user-domain-events", "user/"), ("account-domain-events", "account/")];

    public static IEnumerable<Violation> Check(StoreContents store) => store.Published is { } published ? Topics.SelectMany(t => Check(t.Topic, t.Prefix, store, published)) : [];

    private static IEnumerable<Violation> Check(string topic, string prefix, StoreContents store, IReadOnlyList<PublishedEvent> published)
    {
        var stored = store.Events.Where(e => e.StreamKey.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(e => e.Id);
        var there = published.Where(p => p.Place.Topic == topic).OrderBy(p => p.Place.Partition).ThenBy(p => p.Place.Offset).ToArray();
        foreach (var one in there.Where(p => !stored.ContainsKey(p.Id)))
            yield return new(ViolationClass.PublishedWrong, $"{one.Place} is event {one.Id}, which is not stored", one.Place, []);

        foreach (var (one, other) in there.Where(p => stored.ContainsKey(p.Id)).Select(p => (p, stored[p.Id])).Where(p => !IsSame(p.Item1, p.Item2, prefix)))
            yield return new(ViolationClass.PublishedWrong, $"{one.Place} says {one.Type} {one.Data}, version {one.Version} of {one.Entity}; stored is {other.Type} {other.Data}, version {other.Version} of {other.StreamKey}", one.Place, []);

        // The emulator drops what is long read: what came before the first record that it still holds is not known.
        var from = there.GroupBy(p => p.Place.Partition).Select(g => g.First()).Where(p => p is { IsCommitted: false, Place.Offset: > 0 } && stored.ContainsKey(p.Id))
            .Select(p => stored[p.Id].Sequence).DefaultIfEmpty(0).Max();
        var ids = there.Select(p => p.Id).ToHashSet();
        foreach (var missing in stored.Values.Where(e => e.Sequence > from && !ids.Contains(e.Id)))
            yield return new(ViolationClass.PublishedWrong, $"event {missing.Sequence}, version {missing.Version} of {missing.StreamKey}, is not in {topic}", missing.Record, []);

        foreach (var again in there.Where(p => p.IsCommitted).GroupBy(p => p.Id).Where(g => g.Count() > 1))
            yield return new(ViolationClass.PublishedWrong, $"event {again.Key} is in {topic} {again.Count()} times", again.Last().Place, [.. again.Select(p => p.Place.ToString()!)]);

        foreach (var stream in there.Where(p => p.IsCommitted && stored.ContainsKey(p.Id)).GroupBy(p => stored[p.Id].StreamKey))
        {
            foreach (var (earlier, later) in stream.Zip(stream.Skip(1)).Where(pair => stored[pair.First.Id].Version > stored[pair.Second.Id].Version))
                yield return new(ViolationClass.PublishedWrong, $"{later.Place} is an earlier event of {stream.Key} than {earlier.Place} before it", later.Place, []);
        }
    }

    private static bool IsSame(PublishedEvent published, Event stored, string prefix) =>
        prefix + published.Entity == stored.StreamKey && published.Version == stored.Version && published.Type == stored.Type
        && IsSameJson(published.Data, stored.Data);

    private static bool IsSameJson(string published, string stored)
    {
        try
        {
            return JsonNode.DeepEquals(JsonNode.Parse(published), JsonNode.Parse(stored));
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

using System.Globalization;
using CsCheck;
using StreamJobs.State;

namespace StreamJobs.Tests;

/// <summary>State that is kept by groups of keys.</summary>
public class KeyGroupsProperties
{
    private const int KeysPerGroup = 4;

    // Steps: add so many keys, take so many away, write down what has changed, begin anew with what was kept.
    private static readonly Gen<(int Kind, int Count)[]> Steps = Gen.Select(Gen.Int[0, 3], Gen.Int[1, 60]).Array[1, 40];

    [Fact]
    public void What_was_kept_is_what_there_is_however_many_keys_come_and_go() =>
        Gen.Select(Steps, Gen.Bool).Sample((steps, wasDividedOtherwise) =>
        {
            var (keys, kept) = (new SortedSet<string>(StringComparer.Ordinal), new Dictionary<int, byte[]>());
            if (wasDividedOtherwise)
                Apply([.. Enumerable.Range(0, 30).Select(i => new StateBlob(7, i, Write([$"old{i}"])))], kept);
            var groups = Restore(kept, keys);
            var named = 0;
            foreach (var (kind, count) in steps)
            {
                switch (kind)
                {
                    case 0:
                        for (var i = 0; i < count; i++)
                        {
                            var key = (named++).ToString(CultureInfo.InvariantCulture);
                            keys.Add(key);
                            groups.Change(KeyHash.BucketOf(key));
                        }

                        break;
                    case 1:
                        foreach (var key in keys.Take(count).ToArray())
                        {
                            keys.Remove(key);
                            groups.Change(KeyHash.BucketOf(key));
                        }

                        break;
                    case 2:
                        Keep(groups, keys, kept);
                        break;
                    default:
                        Keep(groups, keys, kept);
                        keys.Clear();
                        groups = Restore(kept, keys);
                        break;
                }
            }

            Keep(groups, keys, kept);
            var found = kept.Values.SelectMany(Read).ToArray();
            Assert.Equal(keys, found.Order(StringComparer.Ordinal)); // each once
            Assert.True(kept.Count <= 8 * Math.Max(1, keys.Count / KeysPerGroup), $"{keys.Count} keys in {kept.Count} groups");
        });

    [Fact]
    public void Only_groups_with_a_change_are_written()
    {
        var (groups, kept) = (new KeyGroups(KeysPerGroup), new Dictionary<int, byte[]>());
        var keys = new SortedSet<string>(Enumerable.Range(0, 1000).Select(i => $"{i}"), StringComparer.Ordinal);
        foreach (var key in keys)
            groups.Change(KeyHash.BucketOf(key));
        Keep(groups, keys, kept);
        groups.Change(KeyHash.BucketOf("17"));

        var changes = Take(groups, keys);

        Assert.Contains("17", Read(Assert.Single(changes).Data!));
        Assert.Empty(Take(groups, keys));
    }

    private static void Keep(KeyGroups groups, SortedSet<string> keys, Dictionary<int, byte[]> kept) => Apply(Take(groups, keys), kept);

    private static List<StateBlob> Take(KeyGroups groups, SortedSet<string> keys)
    {
        var changes = new List<StateBlob>();
        if (!groups.Begin(7, keys.Count, changes))
            return changes;
        foreach (var key in keys)
            groups.WriterOf(KeyHash.BucketOf(key))?.Text(key);
        groups.End(7, changes);
        return changes;
    }

    private static KeyGroups Restore(Dictionary<int, byte[]> kept, SortedSet<string> keys)
    {
        var groups = new KeyGroups(KeysPerGroup);
        foreach (var (group, data) in kept)
        {
            groups.Restore(group);
            foreach (var key in Read(data))
                Assert.True(keys.Add(key), $"{key} was kept twice");
        }

        return groups;
    }

    // As the database does.
    private static void Apply(List<StateBlob> changes, Dictionary<int, byte[]> kept)
    {
        foreach (var (pane, group, data) in changes)
        {
            Assert.Equal(7, pane);
            if (data is not null)
                kept[group] = data;
            else if (group < 0)
                kept.Clear();
            else
                kept.Remove(group);
        }
    }

    private static byte[] Write(IEnumerable<string> keys)
    {
        var writer = new StateWriter();
        foreach (var key in keys)
            writer.Text(key);
        return writer.Take();
    }

    private static List<string> Read(byte[] data)
    {
        var reader = new StateReader(data);
        var keys = new List<string>();
        while (!reader.AtEnd)
            keys.Add(reader.Text()!);
        return keys;
    }
}

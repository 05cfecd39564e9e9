using System.Globalization;
using CsCheck;
using StreamJobs.State;

namespace StreamJobs.Tests;

/// <summary>State by key that is kept as a base and deltas.</summary>
public class KeptKeysProperties
{
    private const long Pane = 7;

    // Steps: add so many keys, change so many, take so many away, write down what has changed, begin anew with what was kept, lose the pane.
    private static readonly Gen<(int Kind, int Count)[]> Steps =
        Gen.Select(Gen.Frequency((4, Gen.Const(0)), (6, Gen.Const(1)), (2, Gen.Const(2)), (8, Gen.Const(3)), (2, Gen.Const(4)), (1, Gen.Const(5))), Gen.Int[1, 700]).Array[1, 60];

    [Fact]
    public void What_was_kept_is_what_there_is_however_keys_come_change_and_go() =>
        Gen.Select(Steps, Gen.Int[0, 1_000_000]).Sample((steps, seed) =>
        {
            var (world, random) = (new World(), new Random(seed));
            foreach (var (kind, count) in steps)
            {
                switch (kind)
                {
                    case 0:
                        for (var i = 0; i < count; i++)
                            world.Set($"{world.Named++}");
                        break;
                    case 1:
                        foreach (var key in world.Some(random, count / 10))
                            world.Set(key);
                        break;
                    case 2:
                        foreach (var key in world.Some(random, count))
                            world.Remove(key);
                        break;
                    case 3:
                        world.Keep();
                        break;
                    case 4:
                        world.Keep();
                        world.BeginAnew();
                        break;
                    default:
                        world.LosePane();
                        break;
                }
            }

            world.Keep();
            world.BeginAnew();
        });

    [Fact]
    public void A_checkpoint_costs_what_has_changed_and_what_is_kept_stays_below_a_few_times_what_there_is()
    {
        var world = new World();
        for (var i = 0; i < 50_000; i++)
            world.Set($"{i}");
        var all = world.Keep();
        var most = 0L;
        for (var round = 0; round < 2_000; round++)
        {
            for (var i = 0; i < 100; i++)
                world.Set($"{(round * 7919 + i * 104_729) % 50_000}");
            most = Math.Max(most, world.Keep());
            Assert.InRange(world.KeptBytes, 0, 3 * all);
            Assert.InRange(world.KeptRows, 0, 300 + (all / 8192));
        }

        Assert.InRange(most, 1, all / 40); // 100 of 50,000 keys, a page of the base, and no more than one group beyond
        world.BeginAnew();
    }

    [Fact]
    public void Deltas_stay_few_when_one_key_changes_at_a_time_and_their_numbers_begin_anew_before_they_run_out()
    {
        var world = new World();
        for (var i = 0; i < 20_000; i++)
            world.Set($"{i}");
        world.Keep();
        world.BeginAnew(lastDelta: KeptPart.MaxSequence - 100);
        for (var i = 0; i < 1_000; i++)
        {
            world.Set($"{i}");
            world.Keep();
            Assert.InRange(world.KeptRows, 0, 300);
            if (i % 90 == 0)
                world.BeginAnew();
        }
    }

    [Fact]
    public void What_an_earlier_version_kept_is_refused_rather_than_misread() =>
        Assert.Throws<StateFormatException>(() => new KeptKeys<string>(Pane).Restore([new(Pane, 5, [1, 2, 3])]).ToArray());

    [Fact]
    public void A_pane_that_was_never_kept_leaves_nothing_to_remove()
    {
        var changes = new List<StateBlob>();
        var kept = new KeptKeys<string>(Pane);
        kept.Change("a");

        kept.TakeRemoval(changes);

        Assert.Empty(changes);
    }

    /// <summary>Keys with values, the table that they are kept in, and what the table must give back.</summary>
    private sealed class World : IKeyed<string>
    {
        private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
        private readonly Dictionary<int, byte[]> _table = [];
        private KeptKeys<string> _kept = new(Pane);
        private int _changes;

        public int Named { get; set; }

        public long KeptBytes => _table.Values.Sum(d => (long)d.Length);

        public int KeptRows => _table.Count;

        public int Count => _values.Count;

        public IEnumerable<string> EntriesIn(Func<int, bool> isWanted) => _values.Keys.Where(key => isWanted(KeyHash.BucketOf(key)));

        public string KeyOf(string entry) => entry;

        public int BucketOf(string entry) => KeyHash.BucketOf(entry);

        public bool Write(string entry, StateWriter writer)
        {
            if (!_values.TryGetValue(entry, out var value))
                return false;
            writer.Text(value);
            return true;
        }

        public List<string> Some(Random random, int count) => [.. _values.Keys.OrderBy(_ => random.Next()).Take(count)];

        public void Set(string key)
        {
            _values[key] = (++_changes).ToString(CultureInfo.InvariantCulture);
            _kept.Change(key);
        }

        public void Remove(string key)
        {
            _values.Remove(key);
            _kept.Change(key);
        }

        /// <summary>Writes down what has changed, as the database does: first what is gone.</summary>
        /// <returns>The bytes that were written.</returns>
        public long Keep()
        {
            var changes = new List<StateBlob>();
            _kept.TakeChanges(this, changes);
            foreach (var gone in changes.Where(c => c.Data is null))
            {
                if (gone.Group < 0)
                    _table.Clear();
                else
                    Assert.True(_table.Remove(gone.Group));
            }

            var kept = changes.Where(c => c.Data is not null).ToList();
            Assert.Equal(kept.Count, kept.Select(c => c.Group).Distinct().Count());
            foreach (var one in kept)
                _table[one.Group] = one.Data!;
            return kept.Sum(c => (long)c.Data!.Length);
        }

        public void BeginAnew(int? lastDelta = null)
        {
            if (lastDelta is { } number)
                _table[KeptPart.Delta(number)] = [];
            _kept = new(Pane);
            var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var (key, data) in _kept.Restore(_table.Select(t => new StateBlob(Pane, t.Key, t.Value)).ToArray()))
            {
                var reader = new StateReader(data);
                Assert.True(found.TryAdd(key, reader.Text()!), $"{key} was given twice");
            }

            Assert.Equal(new SortedDictionary<string, string>(_values, StringComparer.Ordinal), found);
        }

        public void LosePane()
        {
            var changes = new List<StateBlob>();
            _kept.TakeRemoval(changes);
            if (changes.Count > 0)
                _table.Clear();
            Assert.Empty(_table);
            _values.Clear();
            _kept = new(Pane);
        }
    }
}

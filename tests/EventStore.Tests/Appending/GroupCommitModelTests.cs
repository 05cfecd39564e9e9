using CsCheck;
using EventStore.Appending;
using static EventStore.Tests.Appends;

namespace EventStore.Tests.Appending;

/// <summary>Random batches against a model that takes one append after the other, in the order in which they were sent.</summary>
public sealed class GroupCommitModelTests(PostgresServer postgres, ITestOutputHelper output)
{
    /// <param name="Stream">One of four streams.</param>
    /// <param name="VersionOff">How far the expected version is from the right one.</param>
    /// <param name="Events">Ids of events, out of a small pool so that they meet again.</param>
    /// <param name="Ignored">Ids that leave a ledger row only.</param>
    /// <param name="Position">A position, or null.</param>
    private sealed record Op(int Stream, int VersionOff, int[] Events, int[] Ignored, (int Partition, long Offset)? Position);

    private static readonly Gen<int> PoolId = Gen.Int[0, 60];

    private static readonly Gen<Op[]> Batch = Gen.Select(
        Gen.Int[0, 3], Gen.Frequency((8, Gen.Const(0)), (1, Gen.Int[-2, 2])), PoolId.Array[0, 3], PoolId.Array[0, 1],
        Gen.Frequency((1, Gen.Const(((int, long)?)null)), (3, Gen.Select(Gen.Int[0, 1], Gen.Long[0, 40]).Select(p => ((int, long)?)p))),
        (stream, off, events, ignored, position) => new Op(stream, off, events, ignored, position)).Array[1, 25];

    [Fact]
    public async Task Every_verdict_and_every_row_is_what_one_append_after_the_other_would_give()
    {
        await using var store = await TestStore.FreshAsync(postgres);
        var run = 0;
        var seen = new Dictionary<string, int>();
        await Batch.Array[1, 4].SampleAsync(async batches =>
        {
            var sample = new Sample(store, ++run, seen);
            foreach (var batch in batches)
                await sample.RunAsync(batch);
            await sample.CompareRowsAsync();
        }, iter: 100, threads: 1, writeLine: output.WriteLine);
        output.WriteLine(string.Join(", ", seen.Select(s => $"{s.Key}: {s.Value}")));
        Assert.Equal(["committed", "duplicate", "refused", "stale"], seen.Keys.Order(StringComparer.Ordinal)); // else the test tests little
    }

    private sealed class Sample(TestStore store, int run, Dictionary<string, int> seen)
    {
        private readonly Dictionary<int, long> _versions = [];
        private readonly Dictionary<Guid, string> _ids = [];
        private readonly Dictionary<(int Stream, int Partition), long> _positions = [];

        public async Task RunAsync(Op[] batch)
        {
            var expected = new List<string>();
            var actual = new List<Task<AppendVerdict>>();
            foreach (var op in batch)
            {
                var append = ToAppend(op);
                expected.Add(Apply(op, append));
                actual.Add(store.Get<IGroupCommit>().AppendAsync(append).AsTask()); // all in one go, so that they share batches
            }

            foreach (var kind in expected.Select(verdict => verdict.Split(' ')[0]))
                seen[kind] = seen.GetValueOrDefault(kind) + 1;
            Assert.Equal(expected, (await Task.WhenAll(actual)).Select(Describe));
        }

        public async Task CompareRowsAsync()
        {
            Assert.Equal(_versions.Values.Sum(), await store.ScalarAsync<long>($"select count(*) from mt_events where stream_id like 'r{run}/%'"));
            Assert.Equal(_ids.Count, await store.ScalarAsync<long>(
                $"select (select count(*) from mt_events where stream_id like 'r{run}/%') + (select count(*) from ledger where stream_key like 'r{run}/%')"));
            Assert.Equal(_positions.Values.Sum(), await store.ScalarAsync<long>(
                $"select coalesce(sum(record_offset), 0)::bigint from positions where stream_key like 'r{run}/%'"));
            foreach (var (stream, version) in _versions.Where(v => v.Value > 0))
                Assert.Equal(version, await store.ScalarAsync<long>($"select version from mt_streams where id = '{Key(stream)}'"));
        }

        private string Key(int stream) => $"r{run}/{stream}";

        private Guid Id(int n) => new(run, 0, 0, [0, 0, 0, 0, 0, 0, 0, (byte)n]);

        private StreamAppend ToAppend(Op op) => To(Key(op.Stream), _versions.GetValueOrDefault(op.Stream) + op.VersionOff,
            [.. op.Events.Select(n => Counted(n, id: Id(n)))]) with
        {
            Ledger = [.. op.Ignored.Select(n => new LedgerEntry(Id(n), LedgerOutcome.Ignored, null, new EventSource(null, $"c{n}", "d")))],
            Positions = op.Position is { } p ? [At(p.Offset, p.Partition)] : [],
        };

        private string Apply(Op op, StreamAppend append)
        {
            var ids = append.Events.Select(e => e.Id).Concat(append.Ledger.Select(l => l.EventId)).ToArray();
            var version = _versions.GetValueOrDefault(op.Stream);
            if (ids.Distinct().Count() != ids.Length)
                return "refused";
            if (op.VersionOff != 0 || op.Position is { } at && _positions.TryGetValue((op.Stream, at.Partition), out var stored) && stored >= at.Offset)
                return $"stale at {version}";
            if (ids.Where(_ids.ContainsKey).ToArray() is { Length: > 0 } known)
                return $"duplicate of {string.Join(", ", known.Select(id => $"{id} in {_ids[id]}").Order(StringComparer.Ordinal))}";

            foreach (var id in ids)
                _ids[id] = append.StreamKey;
            _versions[op.Stream] = version + append.Events.Count;
            if (op.Position is { } moved)
                _positions[(op.Stream, moved.Partition)] = moved.Offset;
            return $"committed at {version + append.Events.Count}";
        }

        private static string Describe(AppendVerdict verdict) => verdict switch
        {
            AppendVerdict.Committed c => $"committed at {c.Version}",
            AppendVerdict.Stale s => $"stale at {s.Version}",
            AppendVerdict.Duplicate d => $"duplicate of {string.Join(", ", d.Known.Select(k => $"{k.Id} in {k.StreamKey}").Order(StringComparer.Ordinal))}",
            _ => "refused",
        };
    }
}

using CsCheck;
using StreamJobs.Testing;

namespace StreamJobs.Tests;

/// <summary>Results, corrections and late records against the rule as it is said, computed the slow way, one record at a time.</summary>
public sealed class LatenessProperties
{
    private static readonly Gen<Visit[]> Log = Gen.Select(Gen.Char['a', 'c'], Gen.Int[0, 120], (who, at) => (who, at)).Array[0, 40]
        .Select(all => all.Select((v, i) => new Visit(v.who.ToString(), v.at, i)).ToArray());

    [Fact]
    public void Sliced_windows_follow_the_rule_whatever_comes_and_however_often_they_are_restarted() =>
        Gen.Select(Log, Gen.Int[1, 3], Gen.Int[0, 20], Gen.Int[0, 30], Gen.Int[1, 10]).Sample((log, slides, delay, lateness, chunk) =>
        {
            const int every = 10;
            var job = Visits.Keyed(delay).Window(Sliding.Of((slides * every).Milliseconds(), every.Milliseconds()), lateness.Milliseconds())
                .Aggregate(a => new { c = a.Count(), users = a.CountDistinct(v => v.Value % 5) });
            var harness = new JobHarness<Visit>(job);
            foreach (var part in log.Chunk(chunk))
                harness.Given(part).Restart();
            harness.Drain();

            var (results, late) = Oracle(log, slides * every, every, delay, lateness);
            Assert.Equal(results.Order(StringComparer.Ordinal), harness.Results.Select(r => $"{r.Text()} {r.Value.GetProperty("users")}").Order(StringComparer.Ordinal));
            Assert.Equal(late.Select(v => v.Value), harness.Late.Select(v => v.Value));
        });

    [Fact]
    public void Windows_over_several_partitions_count_a_record_by_its_own_partitions_watermark_however_far_the_others_are_and_however_often_they_are_restarted() =>
        Gen.Select(Log, Log, Gen.Int[1, 4], Gen.Int[0, 20], Gen.Int[0, 30], Gen.Bool.Array[0, 30], Gen.Int[1, 5], Gen.Bool.Array[0, 30]).Sample((one, other, slides, delay, lateness, turns, chunk, away) =>
        {
            const int every = 10;
            var job = Job.Named("visits").From<Visit>("visits").Watermark(v => v.Time, delay.Milliseconds()).KeyBy(v => v.Who)
                .Window(Sliding.Of((slides * every).Milliseconds(), every.Milliseconds()), lateness.Milliseconds()).Aggregate(a => new { c = a.Count() });
            var harness = new JobHarness<Visit>(job, partitions: 2);
            var (first, second) = (new Queue<Visit[]>(one.Chunk(chunk)), new Queue<Visit[]>(other.Chunk(chunk)));
            var turn = 0;
            while (first.Count + second.Count > 0)
            {
                var isFirst = second.Count == 0 || (first.Count > 0 && turn < turns.Length && turns[turn]);
                harness.Merges = !(turn < away.Length && away[turn]);
                harness.Given(isFirst ? 0 : 1, isFirst ? first.Dequeue() : second.Dequeue());
                if (turn++ % 2 == 0)
                    harness.Restart();
            }

            harness.Merges = true;
            harness.Drain();
            var counted = from log in new[] { one, other }
                          from window in Counted(log, slides * every, every, delay, lateness)
                          group window.Count by (window.Who, window.End) into w
                          select $"{w.Key.Who} {w.Key.End - (slides * every)}-{w.Key.End} {w.Sum()}";
            Assert.Equal(
                counted.Order(StringComparer.Ordinal),
                harness.Final.Select(r => $"{r.Key} {r.Start.ToUnixTimeMilliseconds()}-{r.End.ToUnixTimeMilliseconds()} {r.Value.GetProperty("c")}").Order(StringComparer.Ordinal));
            Assert.All(harness.Results.GroupBy(r => (r.Key, r.Start)), w => Assert.Equal(Enumerable.Range(0, w.Count()), w.Select(r => r.Revision)));
        });

    [Fact]
    public void Sessions_are_the_same_however_often_they_are_restarted() =>
        Gen.Select(Log, Gen.Int[1, 20], Gen.Int[0, 30], Gen.Int[0, 30], Gen.Int[1, 10]).Sample((log, gap, delay, lateness, chunk) =>
        {
            var job = Visits.Keyed(delay).Window(Session.WithGap(gap.Milliseconds()), lateness.Milliseconds()).Aggregate(a => new { c = a.Count() });
            var restarted = new JobHarness<Visit>(job);
            var (seen, final) = (0, Array.Empty<string>());
            var restarts = new List<int>();
            foreach (var part in log.Chunk(chunk))
            {
                restarted.Given(part).Restart();
                restarts.Add(restarted.Results.Count);
                seen += part.Length;

                // What readers see is every closed session as it is, and nothing of one that goes on; so what is final stays.
                var watermark = log[..seen].Max(v => v.At) - delay;
                Assert.Equal(Sessions(log[..seen], gap, delay, lateness).Sessions.Where(s => s.End <= watermark).Select(Text).Order(StringComparer.Ordinal), Shown());
                Assert.Superset(final.ToHashSet(), restarted.Final.Texts().ToHashSet());
                final = restarted.Final.Where(r => r.End.ToUnixTimeMilliseconds() + lateness <= watermark).Texts();
            }

            restarted.Drain();
            var (sessions, late) = Sessions(log, gap, delay, lateness);
            Assert.Equal(late.Select(v => v.Value), restarted.Late.Select(v => v.Value));
            Assert.Equal(sessions.Select(Text).Order(StringComparer.Ordinal), Shown());
            Assert.Superset(final.ToHashSet(), restarted.Final.Texts().ToHashSet());

            // Each place among the results is one session's: its revisions follow one another, and what was taken back is not taken back again, but for a restart between.
            Assert.All(restarted.Results.Select((r, i) => (Result: r, Life: restarts.Count(at => at <= i))).GroupBy(r => (r.Result.Key, r.Result.Start)), place =>
            {
                Assert.Equal(Enumerable.Range(0, place.Count()), place.Select(r => r.Result.Revision));
                Assert.DoesNotContain(place.Zip(place.Skip(1)), r => r.First.Result.Retracted && r.Second.Result.Retracted && r.First.Life == r.Second.Life);
            });

            IEnumerable<string> Shown() => restarted.Final
                .Select(r => Text((r.Key, r.Start.ToUnixTimeMilliseconds(), r.End.ToUnixTimeMilliseconds(), r.Value.GetProperty("c").GetInt32()))).Order(StringComparer.Ordinal);
        });

    private static string Text((string Who, long Start, long End, int Count) session) => $"{session.Who} {session.Start}-{session.End} {session.Count}";

    /// <summary>The last word on every session. One that is final is joined by nothing any more.</summary>
    private static (List<(string Who, long Start, long End, int Count)> Sessions, List<Visit> Late) Sessions(Visit[] log, int gap, int delay, int lateness)
    {
        var late = new List<Visit>();
        var sessions = new List<(string Who, long Start, long End, int Count)>();
        long? max = null;
        foreach (var visit in log)
        {
            var watermark = max - delay;
            var touched = sessions.Where(s => s.Who == visit.Who && !(s.End + lateness <= watermark) && s.Start <= visit.At + gap && visit.At <= s.End).ToArray();
            var (start, end) = (touched.Select(s => s.Start).Append(visit.At).Min(), touched.Select(s => s.End).Append(visit.At + gap).Max());
            var movesStart = touched.All(s => s.Start > visit.At);
            if (end + lateness <= watermark || (movesStart && visit.At + gap + lateness <= watermark))
            {
                late.Add(visit);
            }
            else
            {
                sessions.RemoveAll(touched.Contains);
                sessions.Add((visit.Who, start, end, touched.Sum(s => s.Count) + 1));
            }

            max = Math.Max(max ?? visit.At, visit.At);
        }

        return (sessions, late);
    }

    /// <summary>How many records of a partition count in each window.</summary>
    private static IEnumerable<(string Who, int End, int Count)> Counted(Visit[] log, int size, int every, int delay, int lateness)
    {
        var counts = new Dictionary<(string, int), int>();
        long? max = null;
        foreach (var visit in log)
        {
            for (var end = (int)((visit.At / every) + 1) * every; end <= ((visit.At / every) * every) + size; end += every)
            {
                if (!(end + lateness <= max - delay))
                    counts[(visit.Who, end)] = counts.GetValueOrDefault((visit.Who, end)) + 1;
            }

            max = Math.Max(max ?? visit.At, visit.At);
        }

        return counts.Select(c => (c.Key.Item1, c.Key.Item2, c.Value));
    }

    private static (List<string> Results, List<Visit> Late) Oracle(Visit[] log, int size, int every, int delay, int lateness)
    {
        var (results, late) = (new List<string>(), new List<Visit>());
        var windows = new SortedDictionary<(long End, string Who), (List<Visit> Visits, int Revision)>();
        var closed = new HashSet<(long, string)>();
        void Emit(long end, string who)
        {
            var (visits, revision) = windows[(end, who)];
            results.Add($"{who} {end - size}-{end} r{revision} {visits.Count} {visits.Select(v => v.Value % 5).Distinct().Count()}");
            windows[(end, who)] = (visits, revision + 1);
            closed.Add((end, who));
        }

        long? max = null;
        foreach (var visit in log)
        {
            var watermark = max - delay;
            var ends = Enumerable.Range(0, size / every).Select(i => (((visit.At / every) + 1 + i) * every)).ToArray();
            var open = ends.Where(end => !(end + lateness <= watermark)).ToArray();
            if (open.Length == 0)
                late.Add(visit);
            foreach (var end in open)
            {
                if (!windows.TryGetValue((end, visit.Who), out var window))
                    windows.Add((end, visit.Who), window = ([], 0));
                window.Visits.Add(visit);
                if (end <= watermark)
                    Emit(end, visit.Who);
            }

            max = Math.Max(max ?? visit.At, visit.At);
            foreach (var (end, who) in windows.Keys.Where(w => w.End <= max - delay && !closed.Contains(w)).ToArray())
                Emit(end, who);
        }

        foreach (var (end, who) in windows.Keys.Where(w => !closed.Contains(w)).ToArray())
            Emit(end, who);
        return (results, late);
    }
}

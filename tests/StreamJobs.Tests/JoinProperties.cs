using CsCheck;
using StreamJobs.Testing;

namespace StreamJobs.Tests;

/// <summary>A join against two nested loops over the records that are not late.</summary>
public sealed class JoinProperties
{
    private const int Unit = 300; // of time: marks are a second apart

    private static readonly Gen<(int Partition, Visit Visit)[]> Log = Gen.Select(Gen.Int[0, 2], Gen.Char['a', 'c'], Gen.Int[0, 60]).Array[0, 30]
        .Select(all => all.Select((v, i) => (v.Item1, new Visit(v.Item2.ToString(), v.Item3 * Unit, i))).ToArray());

    private static readonly Gen<(int From, int To, int Delay, int Lateness)> Terms = Gen.Select(Gen.Int[-20, 20], Gen.Int[0, 20], Gen.Int[0, 10], Gen.Int[0, 10])
        .Select(t => (t.Item1 * Unit, (t.Item1 + t.Item2) * Unit, t.Item3 * Unit, t.Item4 * Unit));

    [Fact]
    public void Pairs_are_those_of_the_records_in_time_however_the_topics_are_interleaved_partitioned_and_restarted_and_nothing_is_kept_when_both_have_ended() =>
        Gen.Select(Log, Log, Terms, Gen.Int[1, 3], Gen.Int[1, 3], Gen.Select(Gen.Bool, Gen.Int[0, 3]).Array[0, 60]).Sample((lefts, rights, terms, sources, partitions, turns) =>
        {
            var job = JoinTests.Joined(terms.From, terms.To, terms.Delay, terms.Lateness);
            var harness = new JoinHarness<Visit, Visit>(job, sources, sources, partitions);
            var (left, right) = (Placed(lefts, sources), Placed(rights, sources));
            var (nextLeft, nextRight, turn) = (new Queue<(int Partition, Visit Visit)>(left), new Queue<(int Partition, Visit Visit)>(right), 0);
            while (nextLeft.Count + nextRight.Count > 0)
            {
                var (isLeft, then) = turn < turns.Length ? turns[turn++] : (true, 0);
                if ((isLeft && nextLeft.Count > 0) || nextRight.Count == 0)
                    harness.Left(nextLeft.Peek().Partition, nextLeft.Dequeue().Visit);
                else
                    harness.Right(nextRight.Peek().Partition, nextRight.Dequeue().Visit);
                if (then == 1)
                    harness.Restart();
                else if (then == 2)
                    harness.SendAgain();
            }

            var (inTimeLeft, lateLeft) = Judge(left, terms.Delay, terms.Lateness);
            var (inTimeRight, lateRight) = Judge(right, terms.Delay, terms.Lateness);
            var expected = from l in inTimeLeft
                           from r in inTimeRight
                           where l.Visit.Who == r.Visit.Who && l.Visit.At + terms.From <= r.Visit.At && r.Visit.At <= l.Visit.At + terms.To
                           select $"{l.Visit.Who}|{l.Place}|{r.Place} {Math.Min(l.Visit.At, r.Visit.At)}-{Math.Max(l.Visit.At, r.Visit.At) + 1} {l.Visit.At}:{r.Visit.At}";
            Assert.Equal(expected.Order(StringComparer.Ordinal), harness.Texts());
            Assert.Equal(lateLeft, harness.LateLeft.Select(v => v.Value));
            Assert.Equal(lateRight, harness.LateRight.Select(v => v.Value));
            Assert.Equal(0, harness.Drain().Restart().Keys);
            Assert.Empty(harness.Faults);
        });

    private static (int Partition, Visit Visit)[] Placed((int Partition, Visit Visit)[] log, int partitions) => [.. log.Select(v => (v.Partition % partitions, v.Visit))];

    /// <summary>The records that are in time and where they stand, and the numbers of the late ones: each by what stood before it in its partition.</summary>
    private static (List<(Visit Visit, string Place)> InTime, List<int> Late) Judge((int Partition, Visit Visit)[] log, int delay, int lateness)
    {
        var (inTime, late) = (new List<(Visit, string)>(), new List<int>());
        var (newest, offsets) = (new Dictionary<int, long>(), new Dictionary<int, int>());
        foreach (var (partition, visit) in log)
        {
            var offset = offsets[partition] = offsets.GetValueOrDefault(partition, -1) + 1;
            if (newest.TryGetValue(partition, out var max) && visit.At + lateness < max - delay)
                late.Add(visit.Value);
            else
                inTime.Add((visit, $"{partition}.{offset}"));
            newest[partition] = Math.Max(newest.GetValueOrDefault(partition, visit.At), visit.At);
        }

        return (inTime, late);
    }
}

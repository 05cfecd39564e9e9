using StreamJobs.Engine;
using StreamJobs.State;
using StreamJobs.Testing;

namespace StreamJobs.Tests;

public sealed class MergeTests
{
    private static Job Job(int lateness = 0) => StreamJobs.Job.Named("merged").From<Visit>("visits").Watermark(v => v.Time, TimeSpan.Zero).KeyBy(v => v.Who)
        .Window(Tumbling.Of(10.Milliseconds()), lateness.Milliseconds()).Aggregate(a => new { c = a.Count() });

    [Fact]
    public void A_merged_window_closes_when_every_partition_has_passed_its_end()
    {
        var harness = new JobHarness<Visit>(Job(), partitions: 2).Given(0, new Visit("a", 1, 0), new Visit("a", 20, 0));
        Assert.Empty(harness.Results);
        harness.Given(1, new Visit("a", 2, 0), new Visit("b", 10, 0));
        Assert.Equal(["a 0-10 r0 2"], harness.Results.Texts());
    }

    [Fact]
    public void A_correction_of_one_partition_corrects_the_merged_result_of_its_keys_alone()
    {
        var harness = new JobHarness<Visit>(Job(lateness: 50), partitions: 2)
            .Given(0, new Visit("a", 1, 0), new Visit("b", 2, 0), new Visit("a", 20, 0)).Given(1, new Visit("a", 3, 0), new Visit("a", 20, 0));
        harness.Given(1, new Visit("a", 4, 0));
        Assert.Equal(["a 0-10 r0 2", "b 0-10 r0 1", "a 0-10 r1 3"], harness.Results.Texts());
    }

    [Fact]
    public void A_key_that_comes_to_a_closed_window_begins_with_the_first_revision_also_after_a_restart()
    {
        var harness = new JobHarness<Visit>(Job(lateness: 50), partitions: 2)
            .Given(0, new Visit("a", 1, 0), new Visit("a", 20, 0)).Given(1, new Visit("a", 3, 0), new Visit("a", 20, 0)).Restart();
        harness.Given(1, new Visit("b", 4, 0)).Restart().Given(0, new Visit("b", 5, 0), new Visit("a", 6, 0)).Restart().Given(0, new Visit("a", 7, 0));
        Assert.Equal(["a 0-10 r0 2", "b 0-10 r0 1", "a 0-10 r1 3", "b 0-10 r1 2", "a 0-10 r2 4"], harness.Results.Texts());
    }

    [Fact]
    public void A_correction_that_waits_while_the_merger_is_away_gives_its_keys_their_next_revisions_and_others_nothing()
    {
        var harness = new JobHarness<Visit>(Job(lateness: 50), partitions: 2)
            .Given(0, new Visit("a", 1, 0), new Visit("b", 2, 0), new Visit("a", 20, 0)).Given(1, new Visit("a", 20, 0));
        harness.Merges = false;
        harness.Given(0, new Visit("a", 3, 0)).Restart().Given(0, new Visit("c", 4, 0)).Restart();
        harness.Merges = true;
        harness.Given(0, new Visit("a", 21, 0));
        Assert.Equal(["a 0-10 r0 1", "b 0-10 r0 1", "a 0-10 r1 2", "c 0-10 r0 1"], harness.Results.Texts());
    }

    [Theory, InlineData(false), InlineData(true)]
    public void A_partition_that_joins_later_corrects_what_is_closed_and_leaves_what_is_final(bool isRestarted)
    {
        var harness = new JobHarness<Visit>(Job(lateness: 10)).Given(0, new Visit("a", 1, 0), new Visit("a", 2, 0), new Visit("a", 11, 0), new Visit("a", 25, 0)).Grow();
        if (isRestarted)
            harness.Restart();
        harness.Given(1, new Visit("a", 3, 0), new Visit("a", 12, 0), new Visit("a", 22, 0)).Given(0, new Visit("a", 99, 0));
        if (isRestarted)
            harness.Restart();
        harness.Given(1, new Visit("a", 99, 0));
        Assert.Equal(["a 0-10 r0 2", "a 10-20 r0 1", "a 10-20 r1 2", "a 20-30 r0 2"], harness.Results.Texts());
    }

    [Fact]
    public void What_an_earlier_version_kept_of_corrections_is_taken_back()
    {
        var former = new StateWriter();
        former.Varint(20); // closed up to it
        former.Varint(10);
        former.Text("a");
        former.Varint(3);
        var job = Job(lateness: 50);
        var merger = job.CreateMerger();
        merger.Restore(former.Take());
        var again = job.CreateMerger();
        again.Restore(merger.Snapshot());
        Assert.Equal(20, again.ClosedUpTo);

        var partition = (PartitionJob<Visit>)job.CreatePartition(0, null, _ => 1);
        var records = new[] { new Visit("a", 1, 0), new Visit("a", 20, 0), new Visit("a", 2, 0) };
        foreach (var known in new[] { true, false })
        {
            var taken = known ? records[..2] : records[2..];
            partition.Process(taken, [.. taken.Select((_, i) => new RecordPlace(partition.Position + i, long.MaxValue, 0, HasKey: true))], partition.Position + taken.Length);
            partition.TakeChanges([]);
            foreach (var (slice, data) in partition.Output.Partials)
                again.Offer(0, slice, data, known);
            partition.Output.Clear();
        }

        again.Advance(20, 20);
        Assert.Equal(("a", 4), (again.Output.Results.Single().Key, again.Output.Results.Single().Revision));
    }

    [Fact]
    public void A_sliding_window_that_is_final_is_left_as_it_is_and_the_next_one_counts_a_later_partitions_records()
    {
        Job job = StreamJobs.Job.Named("merged").From<Visit>("visits").Watermark(v => v.Time, TimeSpan.Zero).KeyBy(v => v.Who)
            .Window(Sliding.Of(20.Milliseconds(), every: 10.Milliseconds())).Aggregate(a => new { c = a.Count() });
        var harness = new JobHarness<Visit>(job).Given(0, new Visit("a", 1, 0), new Visit("a", 15, 0)).Grow()
            .Given(1, new Visit("a", 2, 0), new Visit("a", 40, 0)).Given(0, new Visit("a", 40, 0));
        Assert.Equal(["a -10-10 r0 1", "a 0-20 r0 3", "a 10-30 r0 1"], harness.Results.Texts());
    }

    [Fact]
    public void What_does_not_add_up_for_one_key_has_no_result_and_other_keys_have_theirs()
    {
        Job job = StreamJobs.Job.Named("merged").From<Visit>("visits").Watermark(v => v.Time, TimeSpan.Zero).KeyBy(v => v.Who)
            .Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Sum(v => v.Value == 1 ? long.MaxValue : v.Value) });
        var harness = new JobHarness<Visit>(job, partitions: 2)
            .Given(0, new Visit("a", 1, 1), new Visit("b", 1, 2)).Given(1, new Visit("a", 3, 1), new Visit("b", 3, 3));
        Assert.Equal(["b 0-10 r0 5"], harness.Open.Texts());
        harness.Given(0, new Visit("c", 20, 0)).Given(1, new Visit("c", 20, 0));
        Assert.Equal(["b 0-10 r0 5"], harness.Results.Texts());
        Assert.IsType<OverflowException>(Assert.Single(harness.Failures));
    }

    [Fact]
    public void Open_windows_hold_what_the_partitions_have_not_given_yet()
    {
        var harness = new JobHarness<Visit>(Job(), partitions: 2).Given(0, new Visit("a", 1, 0), new Visit("a", 20, 0)).Given(1, new Visit("a", 2, 0));
        Assert.Equal(["a 0-10 r0 2", "a 20-30 r0 1"], harness.Open.Texts());
    }
}

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

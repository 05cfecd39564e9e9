using Microsoft.Extensions.Time.Testing;
using StreamJobs.Testing;
using Testing.Postgres;

namespace StreamJobs.Tests;

/// <summary>Jobs whose time is the clock: whatever records say, and also when none come.</summary>
public sealed class ArrivalTests(PostgresServer postgres)
{
    private static readonly Job Tens = Arriving().KeyByRecordKey(v => v.Who).Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count() });

    [Fact]
    public void A_record_counts_when_it_is_taken_and_its_window_closes_by_the_clock_although_nothing_comes()
    {
        var harness = new JobHarness<Visit>(Tens).Clock(At(3)).Given(new Visit("a", 900, 0), new Visit("a", -900, 0)).Clock(At(9)).Given(new Visit("b", 0, 0));
        Assert.Empty(harness.Results);
        Assert.Equal(["a 0-10 r0 2", "b 0-10 r0 1"], harness.Clock(At(10)).Results.Texts().Order());
        Assert.Empty(harness.Late);
    }

    [Fact]
    public void Time_stands_still_while_the_clock_is_behind_and_a_restart_changes_nothing()
    {
        var harness = new JobHarness<Visit>(Tens).Clock(At(15)).Given(new Visit("a", 0, 0)).Restart().Clock(At(2)).Given(new Visit("a", 0, 0));
        Assert.Equal(["a 10-20 r0 2"], harness.Clock(At(20)).Results.Texts());
        Assert.Equal(["a 10-20 r0 2", "a 20-30 r0 1"], harness.Clock(At(4)).Given(new Visit("a", 0, 0)).Drain().Results.Texts());
    }

    [Fact]
    public void Keys_that_are_spread_over_partitions_are_merged_when_the_clock_has_passed()
    {
        var job = Arriving().KeyByNothing().Window(Sliding.Of(20.Milliseconds(), every: 10.Milliseconds())).Aggregate(a => new { c = a.Count() });
        var harness = new JobHarness<Visit>(job, partitions: 2).Clock(At(5)).Given(0, new Visit("a", 0, 0)).Given(1, new("b", 0, 0), new Visit("c", 0, 0));
        Assert.Equal(["all -10-10 r0 3"], harness.Clock(At(12)).Results.Texts());
        Assert.Equal(["all -10-10 r0 3", "all 0-20 r0 3"], harness.Restart().Clock(At(99)).Results.Texts());
    }

    [Fact]
    public void A_session_ends_when_the_clock_has_passed_its_gap()
    {
        var job = Arriving().KeyByRecordKey(v => v.Who).Window(Session.WithGap(10.Milliseconds())).Aggregate(a => new { c = a.Count() });
        var harness = new JobHarness<Visit>(job).Clock(At(0)).Given(new Visit("a", 0, 0)).Clock(At(9)).Given(new Visit("a", 0, 0));
        Assert.Empty(harness.Clock(At(18)).Results);
        Assert.Equal(["a 0-19 r0 2"], harness.Clock(At(19)).Results.Texts());
    }

    [Fact]
    public async Task A_silent_partition_keeps_what_the_clock_has_closed_and_goes_on_from_it()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var time = new FakeTimeProvider(At(1_000_003));
        var options = new Running.JobOptions { CheckpointInterval = TimeSpan.FromMilliseconds(2), CheckpointPause = TimeSpan.FromMilliseconds(1) };
        await using (var partition = await world.OpenAsync(options, time, Tens))
        {
            await partition.ProcessAsync(new Chunk(0, new("a", 5, 0), new("a", 99, 0)), default);
            time.Advance(TimeSpan.FromMilliseconds(8));
            await partition.TickAsync(default);
            await partition.CheckpointAsync();
            Assert.Equal(["a 1000000 2"], await world.ResultsAsync());
            await partition.ProcessAsync(new Chunk(2, new Visit("a", 5, 0)), default);
            await partition.CheckpointAsync();
        }

        time.Advance(TimeSpan.FromHours(1));
        await using var next = await world.OpenAsync(options, time, Tens);
        await next.CheckpointAsync();
        Assert.Equal(["a 1000000 2", "a 1000010 1"], await world.ResultsAsync());
    }

    private static JobStream<Visit, Visit> Arriving() => Job.Named("visits").From<Visit>("visits").ByArrival();

    private static DateTimeOffset At(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);
}

using Microsoft.Extensions.Time.Testing;
using StreamJobs.Checkpoints;
using StreamJobs.Running;
using Testing;
using Testing.Postgres;

namespace StreamJobs.Tests;

/// <summary>When a partition's checkpoints come, and which of its jobs they hold.</summary>
public sealed class CheckpointPaceTests(PostgresServer postgres)
{
    /// <summary>Results are kept at once, everything else long after the test.</summary>
    private static JobOptions Brisk => new() { CheckpointInterval = TimeSpan.FromSeconds(10), CheckpointTimeout = TimeSpan.FromSeconds(20), CheckpointPause = TimeSpan.FromMilliseconds(10) };

    /// <summary>A job whose windows are still open when those of the other are final.</summary>
    private static readonly Job Slow = Job.Named("slow").From<Visit>("visits").Watermark(v => v.Time, 0.Milliseconds()).KeyByRecordKey(v => v.Who)
        .Window(Tumbling.Of(1000.Milliseconds())).Aggregate(a => new { c = a.Count() });

    [Fact]
    public async Task A_result_is_kept_without_the_jobs_that_nobody_waits_for_and_after_a_crash_each_goes_on_at_its_own_place()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        Job[] jobs = [PartitionWorld.Counts, Slow];
        await using (var former = new JobPartition("visits", 0, jobs, world.Services(Brisk, clock)))
        {
            await former.OpenAsync("one", 0, default);
            await former.ProcessAsync(new Chunk(0, new("a", 1, 0), new("a", 20, 0)), default);
            clock.Advance(TimeSpan.FromMilliseconds(20));
            await former.TickAsync(default);
            await world.UntilKeptAsync("visits", 2);
            Assert.Equal([("slow", 0L), ("visits", 2L)], (await PositionsAsync()).Select(p => (p.Key, p.Value)));
        }

        await using var owner = new JobPartition("visits", 0, jobs, world.Services(Brisk, clock));
        await owner.OpenAsync("one", 0, default);
        await owner.ProcessAsync(new Chunk(0, new("a", 1, 0), new("a", 20, 0), new("a", 21, 0), new("a", 5000, 0)), default);
        await owner.CheckpointAsync();

        Assert.Equal(["a 0 1", "a 20 2"], await world.ResultsAsync());
        Assert.Equal([3], (await new JobCatalog(world.Store).ResultsAsync(Slow, new ResultQuery(null, null, null, null, null), 100)).Select(r => r.Value.GetProperty("c").GetInt32()));
        Assert.All((await PositionsAsync()).Values, position => Assert.Equal(4, position));

        async Task<Dictionary<string, long>> PositionsAsync() =>
            (await new JobCatalog(world.Store).PartitionsAsync(null)).ToDictionary(p => p.Job, p => p.NextOffset);
    }

    [Fact]
    public async Task A_merger_hears_at_once_that_a_partition_has_passed_a_windows_end_although_no_key_has_a_part_of_it()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        Job merged = Job.Named("merged").From<Visit>("visits").Watermark(v => v.Time, 0.Milliseconds()).KeyBy(v => v.Value > 0 ? "some" : null)
            .Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count() });
        await using var partition = new JobPartition("visits", 0, [merged], world.Services(Brisk, clock));
        await partition.OpenAsync("one", 0, default);
        await partition.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)), default);
        await partition.CheckpointAsync();
        await partition.ProcessAsync(new Chunk(1, new Visit("a", 25, 0)), default);

        clock.Advance(TimeSpan.FromMilliseconds(20));
        await partition.TickAsync(default);

        Assert.Equal(25, (await world.UntilKeptAsync("merged", 2)).Watermark!.Value.ToUnixTimeMilliseconds());
    }

    [Fact]
    public async Task A_wall_clock_that_is_set_back_holds_up_no_result()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var clock = new AdjustedClock();
        await using var partition = new JobPartition("visits", 0, [PartitionWorld.Counts], world.Services(Brisk, clock));
        await partition.OpenAsync("one", 0, default);
        await partition.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)), default);
        await partition.CheckpointAsync();
        await partition.ProcessAsync(new Chunk(1, new Visit("a", 20, 0)), default);

        clock.Adjustment = TimeSpan.FromHours(-1);
        clock.Advance(TimeSpan.FromSeconds(2)); // past the rest, too
        await partition.TickAsync(default);

        Assert.Equal(2, (await world.UntilKeptAsync("visits", 2)).NextOffset);
        Assert.Equal(["a 0 1"], await world.ResultsAsync());
    }

    [Fact]
    public async Task A_merger_writes_down_now_and_then_that_time_has_moved_on_and_results_at_once()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        Job merged = Job.Named("merged").From<Visit>("visits").Watermark(v => v.Time, 0.Milliseconds()).KeyBy(v => v.Value > 0 ? "some" : null)
            .Window(Tumbling.Of(1000.Milliseconds())).Aggregate(a => new { c = a.Count() });
        await using var partition = new JobPartition("visits", 0, [merged], world.Services(Brisk, clock));
        await partition.OpenAsync("one", 0, default);
        await using var merger = new JobMerger(merged, world.Services(Brisk, clock));
        await merger.OpenAsync(default);

        Assert.Equal(1, await MergedAsync(0, new Visit("a", 1, 1))); // the first look
        Assert.Equal(1, await MergedAsync(1, new Visit("a", 100, 0))); // only time has moved on
        Assert.Equal(1, await MergedAsync(2, new Visit("a", 200, 0)));
        clock.Advance(Brisk.CheckpointInterval);
        Assert.Equal(2, await MergedAsync(3, new Visit("a", 300, 0)));
        Assert.Equal(2, await MergedAsync(4, new Visit("a", 400, 0)));
        Assert.Empty(await ResultsAsync());
        Assert.Equal(3, await MergedAsync(5, new Visit("a", 2500, 0))); // the window's end has passed
        Assert.Equal(1, Assert.Single(await ResultsAsync()));

        async Task<int> MergedAsync(long offset, Visit visit)
        {
            await partition.ProcessAsync(new Chunk(offset, visit), default);
            await partition.CheckpointAsync();
            await merger.RunAsync(1, default);
            return (await new JobCatalog(world.Store).CheckpointsAsync(merged, 100)).Count(c => c.Owner == "merger/merged");
        }

        async Task<int[]> ResultsAsync() =>
            [.. (await new JobCatalog(world.Store).ResultsAsync(merged, new ResultQuery(null, null, null, null, null), 100)).Select(r => r.Value.GetProperty("c").GetInt32())];
    }

    [Fact]
    public async Task A_record_that_a_job_fails_on_is_kept_at_once_with_every_job_that_has_passed_it()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var partition = new JobPartition("visits", 0, [PartitionWorld.Counts, Slow], world.Services(Brisk, clock));
        await partition.OpenAsync("one", 0, default);
        await partition.ProcessAsync(new Chunk(0, new Visit("a", 1, 13)), default);

        clock.Advance(TimeSpan.FromMilliseconds(20));
        await partition.TickAsync(default);

        Assert.Equal(1, (await world.UntilKeptAsync("slow", 1)).NextOffset);
        Assert.Equal(1, (await world.UntilKeptAsync("visits", 1)).NextOffset);
        Assert.Equal([0], world.Kept.Select(f => f.Offset));
    }

    [Theory]
    [InlineData(false, true, true, 25)]
    [InlineData(false, false, true, 250)]
    [InlineData(false, false, false, 1000)]
    [InlineData(true, true, true, 1000)]
    public void A_checkpoint_comes_sooner_for_who_waits_for_it_and_less_often_for_a_join(bool isCatchingUp, bool hasResults, bool hasInputs, int milliseconds)
    {
        Assert.Equal(milliseconds, CheckpointPace.Wait(new(), isCatchingUp, hasResults, hasInputs).TotalMilliseconds);
        Assert.True(CheckpointPace.Wait(new() { CheckpointInterval = TimeSpan.FromMilliseconds(100) }, isCatchingUp, hasResults, hasInputs) <= TimeSpan.FromMilliseconds(100));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(50, 150)]
    [InlineData(60_000, 1000)]
    public void After_a_checkpoint_that_took_long_comes_a_rest_but_none_longer_than_the_interval(int took, int rest) =>
        Assert.Equal(rest, CheckpointPace.Rest(new(), TimeSpan.FromMilliseconds(took)).TotalMilliseconds);

    [Fact]
    public async Task After_a_checkpoint_that_took_long_the_next_one_rests_although_someone_waits_for_it()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        world.OnFault = () => clock.Advance(TimeSpan.FromMilliseconds(200));
        await using var partition = await world.OpenAsync(new() { CheckpointInterval = TimeSpan.FromSeconds(1), CheckpointPause = TimeSpan.FromMilliseconds(10) }, clock);
        await partition.ProcessAsync(new Chunk(0, new("a", 1, 13), new("a", 20, 0)), default);
        await AfterAsync(20);
        await world.UntilKeptAsync("visits", 2);

        await partition.ProcessAsync(new Chunk(2, new Visit("a", 40, 0)), default);
        for (var i = 0; i < 15; i++)
            await AfterAsync(100);
        await world.UntilKeptAsync("visits", 3);
        var taken = (await new JobCatalog(world.Store).CheckpointsAsync(PartitionWorld.Counts, 10)).Select(c => c.TakenAt).Order().ToArray();
        Assert.InRange((taken[1] - taken[0]).TotalMilliseconds, 200 + 600, 2_000);

        Task AfterAsync(int milliseconds)
        {
            clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
            return partition.TickAsync(default);
        }
    }

    [Fact]
    public async Task A_result_does_not_rest_after_a_checkpoint_of_the_interval_however_long_that_took()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var partition = await world.OpenAsync(
            new() { CheckpointInterval = TimeSpan.FromMinutes(10), CheckpointTimeout = TimeSpan.FromHours(1), CheckpointPause = TimeSpan.FromMilliseconds(10) }, clock);
        world.OnKept = () => clock.Advance(TimeSpan.FromMinutes(1));
        await partition.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)), default);
        await partition.CheckpointAsync(); // it took a minute: a rest of three

        await partition.ProcessAsync(new Chunk(1, new Visit("a", 20, 0)), default);
        clock.Advance(TimeSpan.FromMilliseconds(20));
        await partition.TickAsync(default);

        await world.UntilKeptAsync("visits", 2);
        Assert.Equal(["a 0 1"], await world.ResultsAsync());
    }

    [Fact]
    public async Task A_partition_that_is_full_of_records_it_could_not_use_does_not_rest()
    {
        const int Full = 10_000;
        await using var world = await PartitionWorld.StartAsync(postgres);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        world.OnFault = () => clock.Advance(TimeSpan.FromSeconds(1));
        await using var partition = await world.OpenAsync(
            new() { CheckpointInterval = TimeSpan.FromMinutes(1), CheckpointTimeout = TimeSpan.FromHours(1), CheckpointPause = TimeSpan.FromMilliseconds(10) }, clock);
        await partition.ProcessAsync(new Chunk(0, new Visit("a", 1, 13)), default);
        await partition.CheckpointAsync(); // it took a second: a rest of three

        world.OnFault = () => { };
        await partition.ProcessAsync(new Chunk(1, [.. Enumerable.Repeat(new Visit("a", 2, 13), Full)]), default);
        clock.Advance(TimeSpan.FromMilliseconds(20));
        await partition.TickAsync(default);

        await Eventually.Async(() => Task.FromResult(world.Kept.Count), kept => kept > 1, TimeSpan.FromSeconds(30), "what cannot be used is being kept");
    }

    /// <summary>A wall clock that someone sets; what is measured with it goes on evenly.</summary>
    private sealed class AdjustedClock() : FakeTimeProvider(DateTimeOffset.UtcNow)
    {
        public TimeSpan Adjustment { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Adjustment;

        public override long GetTimestamp() => base.GetUtcNow().Ticks;
    }
}

using StreamJobs.Checkpoints;
using StreamJobs.Running;
using StreamJobs.State;
using Testing.Postgres;

namespace StreamJobs.Tests;

/// <summary>What becomes of what was kept when the job, or the topic, is not as it was.</summary>
public sealed class TakenBackTests(PostgresServer postgres)
{
    [Fact]
    public async Task A_partition_that_a_topic_no_longer_has_does_not_hold_up_merged_windows()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        Job merged = Job.Named("merged").From<Visit>("visits").Watermark(v => v.Time, TimeSpan.Zero).KeyBy(v => v.Who).Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count() });
        await using (var former = new JobPartition("visits", 1, [merged], world.Services()))
        {
            await former.OpenAsync("zero", 0, default);
            await former.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)) { Incarnation = "zero" }, default);
            await former.CheckpointAsync();
        }

        await using var partition = await world.OpenAsync(job: merged);
        await partition.ProcessAsync(new Chunk(0, new("a", 1, 0), new("a", 200, 0)), default);
        await partition.CheckpointAsync();
        await using var merger = new JobMerger(merged, world.Services());
        await merger.OpenAsync(default);
        await merger.RunAsync(partitions: 1, default);
        var result = Assert.Single(await new JobCatalog(world.Store).ResultsAsync(merged, new ResultQuery(null, null, null, null, null), 100));
        Assert.Equal(("a", 0), (result.Key, result.StartMs));
    }

    [Fact]
    public async Task A_job_that_waits_longer_for_late_records_than_before_does_not_open_again_what_it_had_closed()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using (var patient = await world.OpenAsync())
        {
            await patient.ProcessAsync(new Chunk(0, new("a", 1, 0), new("a", 2, 0), new("b", 20, 0)), default);
            await patient.CheckpointAsync();
        }

        var slower = Visits.Keyed(delay: 50).Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count() });
        await using (var partition = await world.OpenAsync(job: slower))
        {
            await partition.ProcessAsync(new Chunk(3, new("a", 3, 0), new("b", 21, 0)), default);
            await partition.CheckpointAsync();
        }

        await using var quick = await world.OpenAsync(startOffset: 5); // and back again: what came meanwhile is in time
        await quick.ProcessAsync(new Chunk(5, new("b", 22, 0), new("b", 200, 0)), default);
        await quick.CheckpointAsync();
        Assert.Equal(["a 0 2", "b 20 3"], await world.ResultsAsync());
        Assert.Equal(1, (await world.StatusAsync()).Late);
    }

    [Fact]
    public void Fields_and_what_tuples_consist_of_belong_to_a_states_shape()
    {
        Assert.NotEqual(StateContract.Of(typeof((int, long))), StateContract.Of(typeof((int, string))));
        Assert.Equal("WithFields { A: Int32, B: (Int64, String) }", StateContract.Of(typeof(WithFields)));
    }

#pragma warning disable CS0649, CA1051 // what a careless state looks like
    private sealed class WithFields
    {
        public (long, string) B;

        public int A { get; init; }
    }
#pragma warning restore CS0649, CA1051

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_job_that_takes_corrections_for_longer_than_before_does_not_replace_what_was_final(string kind)
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using (var strict = await world.OpenAsync(job: Of(kind, lateness: 0)))
        {
            await strict.ProcessAsync(new Chunk(0, new("a", 1, 0), new("a", 2, 0), new("b", 40, 0)), default);
            await strict.CheckpointAsync();
        }

        for (var start = 3; start < 7; start += 2) // and again, when it has been written down with the new lateness
        {
            await using var partition = await world.OpenAsync(job: Of(kind, lateness: 1000), startOffset: start);
            await partition.ProcessAsync(new Chunk(start, new("a", 3, 0), new("b", 41, 0)), default);
            await partition.CheckpointAsync();
        }

        await using (var last = await world.OpenAsync(job: Of(kind, lateness: 1000), startOffset: 7))
        {
            await last.ProcessAsync(new Chunk(7, new("b", 80, 0), new("b", 42, 0), new("b", 200, 0)), default); // what was open then is corrected
            await last.CheckpointAsync();
        }

        Assert.Equal(2, (await world.StatusAsync()).Late);
        if (kind == "merged")
            return; // its merger is given what is not late, and that alone
        var results = (await new JobCatalog(world.Store).ResultsAsync(Of(kind, 0), new ResultQuery(null, null, null, null, null), 100))
            .Select(r => $"{r.Key} {r.StartMs} {r.Value.GetProperty("c")}").Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(kind == "sliding" ? ["a -10 2", "a 0 2", "b 30 4", "b 40 4", "b 70 1", "b 80 1"] : ["a " + (kind == "session" ? 1 : 0) + " 2", "b 40 4", "b 80 1"], results);
    }

    [Fact]
    public async Task A_session_that_is_final_since_corrections_are_taken_for_less_long_is_joined_by_nothing()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using (var patient = await world.OpenAsync(job: Sessions(lateness: 100)))
        {
            await patient.ProcessAsync(new Chunk(0, new("a", 0, 0), new("b", 25, 0)), default);
            await patient.CheckpointAsync();
        }

        await using var strict = await world.OpenAsync(job: Sessions(lateness: 5), startOffset: 2);
        await strict.ProcessAsync(new Chunk(2, new("a", 15, 0), new("b", 26, 0), new("b", 100, 0)), default);
        await strict.CheckpointAsync();
        Assert.Equal(["a 0 1", "a 15 1", "b 25 2"], await world.ResultsAsync());

        static Job Sessions(int lateness) =>
            Visits.Keyed().Window(Session.WithGap(20.Milliseconds()), allowedLateness: lateness.Milliseconds()).Aggregate(a => new { c = a.Count() });
    }

    public static TheoryData<string> Kinds => new("tumbling", "sliding", "session", "merged");

    private static Job Of(string kind, int lateness) => (kind == "merged"
        ? Job.Named("visits").From<Visit>("visits").Watermark(v => v.Time, TimeSpan.Zero).KeyBy(v => v.Who)
        : Visits.Keyed()).Window(
        kind switch
        {
            "tumbling" => Tumbling.Of(10.Milliseconds()),
            "sliding" or "merged" => Sliding.Of(20.Milliseconds(), every: 10.Milliseconds()),
            _ => Session.WithGap(10.Milliseconds()),
        },
        allowedLateness: lateness.Milliseconds()).Aggregate(a => new { c = a.Count() });

    [Fact]
    public async Task A_job_whose_state_cannot_be_read_does_not_hold_the_others_back_and_is_read_anew_when_it_fits()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var other = Job.Named("other").From<Visit>("visits").Watermark(v => v.Time, TimeSpan.Zero).KeyByNothing().Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count() });
        await using (var both = await OpenAsync(0))
        {
            await both.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)), default);
            await both.CheckpointAsync();
        }

        await using var spoil = world.Source.CreateCommand("update jobs.job_state set data = '\\x00' || data where job = 'visits'");
        Assert.True(await spoil.ExecuteNonQueryAsync() > 0);
        await using (var one = await OpenAsync(1))
        {
            await one.ProcessAsync(new Chunk(1, new Visit("a", 2, 0)), default);
            await one.CheckpointAsync();
            Assert.Equal([("other", 2L)], one.Positions.Select(p => (p.Job, p.NextOffset)));
        }

        Assert.Equal(2, (await world.Store.PositionAsync("visits", "one", 0, [PartitionWorld.Counts, other], default)).NextOffset);
        Assert.Equal((null, "one"), await world.Store.PositionAsync("visits", "two", 0, [PartitionWorld.Counts, other], default));
        await world.Source.CreateCommand("update jobs.job_state set data = substr(data, 2) where job = 'visits'").ExecuteNonQueryAsync();
        await using var mended = await OpenAsync(2);
        Assert.True(mended.TakeRereadWish());
        await mended.ProcessAsync(new Chunk(1, new("a", 2, 0), new("a", 20, 0)), default);
        await mended.CheckpointAsync();
        Assert.Equal(["a 0 2"], await world.ResultsAsync());

        async Task<JobPartition> OpenAsync(long startOffset)
        {
            var partition = new JobPartition("visits", 0, [PartitionWorld.Counts, other], world.Services());
            await partition.OpenAsync("one", startOffset, default);
            return partition;
        }
    }
}

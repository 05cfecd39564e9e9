using Microsoft.Extensions.Time.Testing;
using StreamJobs.Checkpoints;
using Testing.Postgres;

namespace StreamJobs.Tests;

/// <summary>Going back to what a job had kept, and what happens when it does not fit any more.</summary>
public sealed class SavepointTests(PostgresServer postgres)
{
    private static readonly Job Wider = Visits.Keyed().Window(Tumbling.Of(20.Milliseconds())).Aggregate(a => new { c = a.Count() });

    [Fact]
    public async Task A_job_that_is_set_back_goes_on_as_it_did_then_and_its_owner_notices()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var owner = await world.OpenAsync(time: time);
        await owner.ProcessAsync(new Chunk(0, new("a", 1, 0), new("a", 12, 0), new("b", 13, 0)), default);
        await owner.CheckpointAsync();
        Assert.Equal(SavepointOutcome.Done, await world.Savepoints.CreateAsync(PartitionWorld.Counts, "s1", "tester"));
        await owner.ProcessAsync(new Chunk(3, new("a", 14, 0), new("a", 31, 0)), default);
        await owner.CheckpointAsync();
        Assert.Equal(["a 0 1", "a 10 2", "b 10 1"], await world.ResultsAsync());

        Assert.Equal(SavepointOutcome.Done, await world.Savepoints.RestoreAsync(PartitionWorld.Counts, "s1"));
        Assert.Equal(["a 0 1"], await world.ResultsAsync());
        await owner.ProcessAsync(new Chunk(5, new Visit("a", 50, 0)), default);
        time.Advance(TimeSpan.FromSeconds(1));
        await owner.TickAsync(default);
        await owner.CheckpointAsync();
        Assert.True(owner.IsFenced);
        Assert.Equal(3, (await world.StatusAsync()).NextOffset);

        await using var next = await world.OpenAsync(startOffset: 6);
        Assert.True(next.TakeRereadWish(), "what is read now lies behind what the job needs");
        Assert.False(next.TakeRereadWish());
        await next.ProcessAsync(new Chunk(3, new("a", 14, 0), new("a", 31, 0)), default);
        await next.CheckpointAsync();
        Assert.Equal(["a 0 1", "a 10 2", "b 10 1"], await world.ResultsAsync());
    }

    [Fact]
    public async Task State_of_another_shape_is_neither_read_nor_written_over_and_a_savepoint_of_it_is_refused()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using (var former = await world.OpenAsync())
        {
            await former.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)), default);
            await former.CheckpointAsync();
        }

        await world.Savepoints.CreateAsync(PartitionWorld.Counts, "s1", "tester");
        await using (var changed = await world.OpenAsync(job: Wider))
        {
            await changed.ProcessAsync(new Chunk(1, new("a", 2, 0), new("a", 99, 0)), default);
            await changed.CheckpointAsync();
        }

        var status = await world.StatusAsync();
        Assert.Equal((1, PartitionWorld.Counts.StateShape), (status.NextOffset, status.Shape));
        Assert.Empty(await world.ResultsAsync());
        Assert.Equal(SavepointOutcome.DoesNotFit, await world.Savepoints.RestoreAsync(Wider, "s1"));
        Assert.False((await world.Savepoints.ListAsync(Wider)).Single().Fits);

        // The version that wrote it goes on as if nothing had been.
        await using var again = await world.OpenAsync();
        await again.ProcessAsync(new Chunk(1, new("a", 2, 0), new("a", 99, 0)), default);
        await again.CheckpointAsync();
        Assert.Equal(["a 0 2"], await world.ResultsAsync());
    }

    [Fact]
    public async Task A_job_that_was_drained_is_not_drained_again_by_what_it_is_set_back_to()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using (var owner = await world.OpenAsync())
        {
            await owner.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)), default);
            await owner.CheckpointAsync();
        }

        await world.Savepoints.CreateAsync(PartitionWorld.Counts, "s1", "tester");
        await world.DrainAsync(PartitionWorld.Counts);
        Assert.Equal(["a 0 1"], await world.ResultsAsync());

        await world.Savepoints.RestoreAsync(PartitionWorld.Counts, "s1");
        await using var owner2 = await world.OpenAsync();
        await owner2.ProcessAsync(new Chunk(1, new("a", 2, 0), new("a", 20, 0)), default);
        await owner2.CheckpointAsync();
        Assert.Equal(["a 0 2"], await world.ResultsAsync());
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task What_a_process_function_gave_before_a_savepoint_stays_and_what_it_gave_since_goes(bool isByCheckpoint)
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var twice = Visits.Keyed().Process(new Twice(), 1.Hours());
        await using (var owner = await world.OpenAsync(job: twice))
        {
            await owner.ProcessAsync(new Chunk(0, new Visit("a", 10, 1)), default);
            await owner.CheckpointAsync();
            await world.Savepoints.CreateAsync(twice, "s1", "tester");
            await owner.ProcessAsync(new Chunk(1, new Visit("b", 5, 2), new Visit("a", 20, 3)), default);
            await owner.CheckpointAsync();
        }

        Assert.Equal(["b 5", "b 6", "a 10", "a 11", "a 20", "a 21"], await PlacesAsync(world, twice));
        if (!isByCheckpoint)
            await ForgetNumbersAsync(world);
        await world.Savepoints.RestoreAsync(twice, "s1");
        // An earlier version had times alone to tell by.
        Assert.Equal(isByCheckpoint ? ["a 10", "a 11"] : ["b 5", "b 6", "a 10"], await PlacesAsync(world, twice));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task What_counting_windows_gave_since_a_savepoint_goes_also_where_it_does_not_come_again(bool isByCheckpoint)
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var pairs = Visits.Keyed().Window(Counting.Of(2)).Aggregate(a => new { c = a.Count() });
        await using (var owner = await world.OpenAsync(job: pairs))
        {
            await owner.ProcessAsync(new Chunk(0, new("a", 1, 0), new("a", 2, 0)), default);
            await owner.CheckpointAsync();
            await world.Savepoints.CreateAsync(pairs, "s1", "tester");
            await owner.ProcessAsync(new Chunk(2, new("b", 1, 0), new("b", 2, 0)), default);
            await owner.CheckpointAsync();
        }

        if (!isByCheckpoint)
            await ForgetNumbersAsync(world);
        await world.Savepoints.RestoreAsync(pairs, "s1");
        Assert.Equal(isByCheckpoint ? ["a 1"] : ["a 1", "b 1"], await PlacesAsync(world, pairs));
        await using var next = await world.OpenAsync(job: pairs);
        await next.ProcessAsync(new Chunk(2, new("c", 1, 0), new("c", 2, 0)), default);
        await next.CheckpointAsync();
        await world.Savepoints.RestoreAsync(pairs, "s1"); // numbers go on, so it can be done again
        Assert.Equal(isByCheckpoint ? ["a 1"] : ["a 1", "b 1"], await PlacesAsync(world, pairs));
    }

    [Fact]
    public async Task Tables_of_an_earlier_version_get_what_they_lack_and_savepoints_in_them_can_be_gone_back_to()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        Job merged = Job.Named("visits").From<Visit>("visits").Watermark(v => v.Time, TimeSpan.Zero).KeyBy(v => v.Who).Window(Tumbling.Of(10.Milliseconds()), 50.Milliseconds()).Aggregate(a => new { c = a.Count() });
        await using (var owner = await world.OpenAsync(job: merged))
        {
            await owner.ProcessAsync(new Chunk(0, new("a", 1, 0), new("a", 20, 0)), default);
            await owner.CheckpointAsync();
        }

        await world.Savepoints.CreateAsync(merged, "old", "tester");
        await world.Source.CreateCommand("""
            alter table jobs.job_results drop column checkpoint; alter table jobs.job_positions drop column checkpoint; alter table jobs.job_savepoint_positions drop column checkpoint;
            alter table jobs.job_parts drop column merged_data; alter table jobs.job_savepoint_parts drop column merged_data; delete from jobs.job_schema;
            """).ExecuteNonQueryAsync();
        await world.Store.CreateTablesAsync();
        await using (var owner = await world.OpenAsync(job: merged))
        {
            await owner.ProcessAsync(new Chunk(2, new Visit("a", 2, 0)), default);
            await owner.CheckpointAsync();
        }

        Assert.Equal(SavepointOutcome.Done, await world.Savepoints.CreateAsync(merged, "new", "tester"));
        foreach (var (name, next) in new[] { ("old", 2), ("new", 3) })
        {
            Assert.Equal(SavepointOutcome.Done, await world.Savepoints.RestoreAsync(merged, name));
            Assert.Equal(next, (await world.StatusAsync()).NextOffset);
        }
    }

    /// <summary>Has the tables look as an earlier version left them.</summary>
    private static Task ForgetNumbersAsync(PartitionWorld world) => world.Source.CreateCommand("""
        update jobs.job_results set checkpoint = null; update jobs.job_positions set checkpoint = null; update jobs.job_savepoint_positions set checkpoint = null
        """).ExecuteNonQueryAsync();

    private static async Task<string[]> PlacesAsync(PartitionWorld world, Job job) =>
        [.. (await new JobCatalog(world.Store).ResultsAsync(job, new ResultQuery(null, null, null, null, null), 100)).Select(r => $"{r.Key} {r.StartMs}")];

    private sealed record Seen(int Value);

    /// <summary>Its second result of a record stands a millisecond behind it.</summary>
    private sealed class Twice : Process<Visit, Seen, Seen>
    {
        public override void OnRecord(Visit record, ProcessContext<Seen, Seen> context)
        {
            context.Emit(new(record.Value));
            context.Emit(new(record.Value));
        }
    }

    [Fact]
    public async Task A_savepoint_that_knows_the_topic_as_another_one_is_refused()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using var owner = await world.OpenAsync();
        await owner.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)), default);
        await owner.CheckpointAsync();
        await world.Savepoints.CreateAsync(PartitionWorld.Counts, "s1", "tester");
        await world.Source.CreateCommand("update jobs.job_positions set incarnation = 'two'").ExecuteNonQueryAsync();
        Assert.Equal(SavepointOutcome.OtherPartitions, await world.Savepoints.RestoreAsync(PartitionWorld.Counts, "s1"));
    }

    [Fact]
    public async Task A_state_that_cannot_be_read_stops_its_job_and_is_left_as_it_is()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using (var owner = await world.OpenAsync())
        {
            await owner.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)), default);
            await owner.CheckpointAsync();
        }

        await world.Source.CreateCommand(@"create table jobs.kept as select * from jobs.job_state; update jobs.job_state set data = '\x0102'").ExecuteNonQueryAsync();
        await using (var next = await world.OpenAsync())
        {
            await next.ProcessAsync(new Chunk(1, new Visit("a", 2, 0)), default);
            await next.CheckpointAsync();
            Assert.Equal((1, true), ((await world.StatusAsync()).NextOffset, (await world.StatusAsync()).IsUnfit));
        }

        await world.Source.CreateCommand("update jobs.job_state set data = (select data from jobs.kept)").ExecuteNonQueryAsync();
        await using var mended = await world.OpenAsync();
        await mended.ProcessAsync(new Chunk(1, new Visit("a", 2, 0)), default);
        await mended.CheckpointAsync();
        Assert.Equal((2, false), ((await world.StatusAsync()).NextOffset, (await world.StatusAsync()).IsUnfit));
    }

    [Fact]
    public async Task What_cannot_be_done_with_a_savepoint_is_told_and_changes_nothing()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        Assert.Equal(SavepointOutcome.NothingKept, await world.Savepoints.CreateAsync(PartitionWorld.Counts, "s1", "tester"));
        await using var owner = await world.OpenAsync();
        await owner.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)), default);
        await owner.CheckpointAsync();
        Assert.Equal(SavepointOutcome.Missing, await world.Savepoints.RestoreAsync(PartitionWorld.Counts, "s1"));
        Assert.Equal(SavepointOutcome.Done, await world.Savepoints.CreateAsync(PartitionWorld.Counts, "s1", "tester"));
        Assert.Equal(SavepointOutcome.Exists, await world.Savepoints.CreateAsync(PartitionWorld.Counts, "s1", "another"));
        var one = Assert.Single(await world.Savepoints.ListAsync(PartitionWorld.Counts));
        Assert.Equal(("s1", "tester", 1, 1, true), (one.Name, one.CreatedBy, one.Records, one.Offsets[0], one.Fits));
        Assert.True(await world.Savepoints.DeleteAsync(PartitionWorld.Counts, "s1"));
        Assert.False(await world.Savepoints.DeleteAsync(PartitionWorld.Counts, "s1"));
        Assert.False(owner.IsFenced);
    }
}

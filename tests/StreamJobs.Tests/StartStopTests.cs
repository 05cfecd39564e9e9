using StreamJobs.Checkpoints;
using StreamJobs.Running;
using Testing.Postgres;

namespace StreamJobs.Tests;

/// <summary>Jobs that are stopped and cancelled, and what is there when they are started.</summary>
public sealed class StartStopTests(PostgresServer postgres)
{
    private static readonly Job Counts = PartitionWorld.Counts;

    [Fact]
    public async Task A_job_that_was_stopped_goes_on_where_its_last_checkpoint_stood()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using var owner = await world.OpenAsync();
        await owner.ProcessAsync(new Chunk(0, new("a", 1, 0), new("a", 2, 0)), default);
        await owner.CheckpointAsync();
        await owner.ProcessAsync(new Chunk(2, new Visit("a", 3, 0)), default);
        Assert.Null(await world.Controls.StopAsync(Counts, "test"));
        await owner.CheckpointAsync();
        Assert.True(owner.IsFenced);

        await using (var stopped = await world.OpenAsync(startOffset: 3))
        {
            await stopped.ProcessAsync(new Chunk(3, new("a", 4, 0), new("a", 20, 0)), default);
            await stopped.CheckpointAsync();
            Assert.Empty(stopped.OpenResults("visits", new()));
            Assert.Empty(stopped.Positions);
            Assert.Equal((2, JobState.Stopped), ((await world.StatusAsync()).NextOffset, (await new JobCatalog(world.Store).ControlsAsync())["visits"]));
            Assert.Null(await StartAsync(world));
            await stopped.CheckpointAsync();
        }

        await using var started = await world.OpenAsync(startOffset: 5);
        Assert.True(started.TakeRereadWish());
        await started.ProcessAsync(new Chunk(2, new("a", 3, 0), new("a", 4, 0), new("a", 20, 0)), default);
        await started.CheckpointAsync();
        Assert.Equal(["a 0 4"], await world.ResultsAsync());
    }

    [Fact]
    public async Task A_job_that_was_cancelled_keeps_its_results_until_it_is_started_and_begins_with_what_the_topic_still_has()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using (var owner = await world.OpenAsync())
        {
            await owner.ProcessAsync(new Chunk(0, new("a", 1, 0), new("a", 12, 0), new("b", 33, 0)), default);
            await owner.CheckpointAsync();
        }

        await world.Controls.CancelAsync(Counts, "test");
        Assert.Equal(["a 0 1", "a 10 1"], await world.ResultsAsync());
        Assert.Empty(await new JobCatalog(world.Store).PartitionsAsync("visits"));
        await using (var cancelled = await world.OpenAsync(startOffset: 3))
        {
            await cancelled.ProcessAsync(new Chunk(3, new Visit("b", 99, 0)), default);
            await cancelled.CheckpointAsync();
            Assert.Empty(await new JobCatalog(world.Store).PartitionsAsync("visits"));
        }

        // Kafka has dropped the first record by now.
        Assert.Null(await StartAsync(world, oldest: 1));
        Assert.Empty(await world.ResultsAsync());
        await using var anew = await world.OpenAsync(startOffset: 4);
        Assert.True(anew.TakeRereadWish());
        await anew.ProcessAsync(new Chunk(1, new("a", 12, 0), new("b", 33, 0), new("b", 99, 0)), default);
        await anew.CheckpointAsync();
        Assert.Equal(["a 10 1", "b 30 1"], await world.ResultsAsync());
    }

    [Fact]
    public async Task A_cancelled_job_can_be_set_back_to_a_savepoint_and_a_stopped_one_stays_stopped_then()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using (var owner = await world.OpenAsync())
        {
            await owner.ProcessAsync(new Chunk(0, new("a", 1, 0), new("a", 2, 0)), default);
            await owner.CheckpointAsync();
        }

        await world.Savepoints.CreateAsync(Counts, "s1", "test");
        await world.Controls.CancelAsync(Counts, "test");
        Assert.Equal(SavepointOutcome.Done, await world.Savepoints.RestoreAsync(Counts, "s1"));
        await using (var owner = await world.OpenAsync())
        {
            await owner.ProcessAsync(new Chunk(2, new("a", 3, 0), new("a", 20, 0)), default);
            await owner.CheckpointAsync();
            Assert.Equal(["a 0 3"], await world.ResultsAsync());
        }

        await world.Controls.StopAsync(Counts, "test");
        Assert.Equal(SavepointOutcome.Done, await world.Savepoints.RestoreAsync(Counts, "s1"));
        Assert.Equal(JobState.Stopped, (await new JobCatalog(world.Store).ControlsAsync())["visits"]);
    }

    [Fact]
    public async Task A_cancelled_job_is_not_set_back_to_a_savepoint_that_does_not_know_all_of_the_topic()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using var owner = await world.OpenAsync();
        await owner.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)), default);
        await owner.CheckpointAsync();
        await world.Savepoints.CreateAsync(Counts, "s1", "test");
        await world.Controls.CancelAsync(Counts, "test");
        await world.Source.CreateCommand("insert into jobs.job_owners (topic, partition, incarnation, epoch) values ('visits', 1, 'one', 1)").ExecuteNonQueryAsync();
        Assert.Equal(SavepointOutcome.OtherPartitions, await world.Savepoints.RestoreAsync(Counts, "s1"));
    }

    [Fact]
    public async Task What_a_jobs_state_does_not_allow_is_refused_and_changes_nothing()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var (controls, catalog) = (world.Controls, new JobCatalog(world.Store));
        Assert.Null(await controls.SetAsync(Counts, JobState.Paused, "test"));
        Assert.Equal(JobRefusal.Paused, await StartAsync(world));
        Assert.Null(await controls.StopAsync(Counts, "test"));
        Assert.Equal(JobRefusal.Stopped, await controls.SetAsync(Counts, JobState.Running, "test"));
        Assert.Equal(JobRefusal.Stopped, await controls.SetAsync(Counts, JobState.Draining, "test"));
        Assert.Equal(JobState.Stopped, (await catalog.ControlsAsync())["visits"]);
        await controls.CancelAsync(Counts, "test");
        Assert.Equal(JobRefusal.Cancelled, await controls.StopAsync(Counts, "test"));
        Assert.Equal(JobRefusal.Cancelled, await controls.SetAsync(Counts, JobState.Paused, "test"));
        Assert.Equal(JobState.Cancelled, (await catalog.ControlsAsync())["visits"]);
    }

    [Fact]
    public async Task A_partition_is_read_from_where_the_jobs_stand_that_are_in_memory()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var other = Job.Named("others").From<Visit>("visits").Watermark(v => v.Time, TimeSpan.Zero).KeyByRecordKey(v => v.Who).Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count() });
        await using (var owner = await world.OpenAsync())
        {
            await owner.ProcessAsync(new Chunk(0, new("a", 1, 0), new("a", 2, 0)), default);
            await owner.CheckpointAsync();
        }

        Task<(long?, string?)> PositionAsync() => world.Store.PositionAsync("visits", "one", 0, [Counts, other], default);
        Assert.Equal((null, null), await PositionAsync()); // the other one has no position yet
        await world.Controls.StopAsync(other, "test");
        Assert.Equal((2L, null), await PositionAsync());
        await world.Controls.CancelAsync(Counts, "test");
        await StartAsync(world, oldest: 1);
        Assert.Equal((1L, null), await PositionAsync());
    }

    [Fact]
    public async Task A_job_begins_where_the_topic_does_on_a_partition_that_came_while_it_was_stopped()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await world.Controls.StopAsync(Counts, "test");
        await using (var stopped = await world.OpenAsync(startOffset: 7))
            await stopped.CheckpointAsync();
        Assert.Equal(JobRefusal.PartitionUnknown, await world.Controls.StartAsync(Counts, new Dictionary<int, long> { [1] = 0 }, "test"));
        Assert.Null(await StartAsync(world, oldest: 3));
        await using var started = await world.OpenAsync(startOffset: 7);
        Assert.True(started.TakeRereadWish());
        Assert.Equal(3, started.Positions.Single().NextOffset);
    }

    [Fact]
    public async Task A_topic_that_was_created_again_while_its_job_was_stopped_is_taken_from_its_beginning_and_what_was_counted_stays()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using (var owner = await world.OpenAsync())
        {
            await owner.ProcessAsync(new Chunk(0, new("a", 1, 0), new("a", 2, 0)), default);
            await owner.CheckpointAsync();
        }

        await world.Controls.StopAsync(Counts, "test");
        await world.Source.CreateCommand("update jobs.job_positions set incarnation = 'former'").ExecuteNonQueryAsync();
        Assert.Null(await StartAsync(world));
        await using var started = await world.OpenAsync(startOffset: 9);
        Assert.True(started.TakeRereadWish());
        await started.ProcessAsync(new Chunk(0, new("a", 3, 0), new("a", 20, 0)), default);
        await started.CheckpointAsync();
        Assert.Equal(["a 0 3"], await world.ResultsAsync());
    }

    [Theory, InlineData(JobState.Running), InlineData(JobState.Draining)]
    public async Task A_paused_job_does_not_go_on_behind_records_that_Kafka_has_dropped(JobState wanted)
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using (var owner = await world.OpenAsync())
        {
            await owner.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)), default);
            await owner.CheckpointAsync();
        }

        await world.Controls.SetAsync(Counts, JobState.Paused, "test");
        Assert.Equal(JobRefusal.RecordsGone, await world.Controls.SetAsync(Counts, wanted, "test", new Dictionary<int, long> { [0] = 2 }));
        Assert.Null(await world.Controls.SetAsync(Counts, wanted, "test", new Dictionary<int, long> { [0] = 1 }));
    }

    [Fact]
    public async Task A_job_does_not_go_on_behind_records_that_Kafka_has_dropped()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using (var owner = await world.OpenAsync())
        {
            await owner.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)), default);
            await owner.CheckpointAsync();
        }

        await world.Controls.StopAsync(Counts, "test");
        Assert.Equal(JobRefusal.RecordsGone, await StartAsync(world, oldest: 2));
        Assert.Null(await StartAsync(world, oldest: 1));
    }

    [Fact]
    public async Task A_job_that_is_being_drained_is_not_stopped_paused_or_resumed()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await world.Controls.SetAsync(Counts, JobState.Draining, "test");
        Assert.Equal(JobRefusal.Draining, await world.Controls.StopAsync(Counts, "test"));
        Assert.Equal(JobRefusal.Draining, await StartAsync(world));
        Assert.Equal(JobRefusal.Draining, await world.Controls.SetAsync(Counts, JobState.Running, "test"));
        Assert.Equal(JobRefusal.Draining, await world.Controls.SetAsync(Counts, JobState.Paused, "test"));
        Assert.Null(await world.Controls.SetAsync(Counts, JobState.Draining, "test")); // it is told again
        Assert.Equal(JobState.Draining, (await new JobCatalog(world.Store).ControlsAsync())["visits"]);
    }

    private static Task<JobRefusal?> StartAsync(PartitionWorld world, long oldest = 0) => world.Controls.StartAsync(Counts, new Dictionary<int, long> { [0] = oldest }, "test");
}

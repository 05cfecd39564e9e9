using Microsoft.Extensions.Time.Testing;
using StreamJobs.Checkpoints;
using StreamJobs.Running;
using Testing.Postgres;

namespace StreamJobs.Tests;

/// <summary>What a partition's jobs keep, on a real database: what is promised of crashes, former owners, bad records and commits that nobody heard of.</summary>
public sealed class PartitionTests(PostgresServer postgres)
{
    [Fact]
    public async Task A_record_that_a_job_fails_on_is_kept_before_the_position_passes_it()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        world.FailingFaults = 2;
        await using var partition = await world.OpenAsync();
        await partition.ProcessAsync(new Chunk(0, new("a", 1, 0), new("a", 2, 13), new("a", 20, 0)), default);
        await partition.CheckpointAsync();

        Assert.Equal([0, 0, 0], world.PositionsAtFaults);
        Assert.Equal([1], world.Kept.Select(f => f.Offset));
        Assert.Equal("visits", world.Kept[0].Job);
        Assert.Equal(3, (await world.StatusAsync()).NextOffset);
        Assert.Equal(["a 0 1"], await world.ResultsAsync());
    }

    [Fact]
    public async Task A_record_without_a_key_is_no_record_of_a_job_that_counts_on_keys()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using var partition = await world.OpenAsync();
        await partition.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)), default);
        await partition.ProcessAsync(new Chunk(1, new("a", 2, 0), new("b", 3, 0)) { HasKeys = false }, default);
        await partition.ProcessAsync(new Chunk(3, new Visit("a", 20, 0)), default);
        await partition.CheckpointAsync();

        Assert.Equal(["a 0 1"], await world.ResultsAsync());
        Assert.Equal([("visits", 1), ("visits", 2)], world.Kept.Select(f => (f.Job!, f.Offset)));
        Assert.Contains("KeyByRecordKey", world.Kept[0].Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_without_a_key_counts_where_the_partitions_are_merged()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        Job merged = Job.Named("visits").From<Visit>("visits").Watermark(v => v.Time, TimeSpan.Zero).KeyBy(v => v.Who).Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count() });
        await using var partition = await world.OpenAsync(job: merged);
        await partition.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)) { HasKeys = false }, default);
        await partition.CheckpointAsync();

        Assert.Empty(world.Kept);
        Assert.Equal(1, (await world.StatusAsync()).Records);
        Assert.Single(partition.OpenSlices("visits"));
    }

    [Fact]
    public async Task A_first_record_without_a_time_is_set_aside_and_how_jobs_stand_can_be_read()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var session = Visits.Keyed(delay: 5).Window(Session.WithGap(10.Milliseconds())).Aggregate(a => new { c = a.Count() });
        await using var partition = await world.OpenAsync(job: session);
        await partition.ProcessAsync(new Chunk(0, new Visit("a", default(DateTimeOffset).ToUnixTimeMilliseconds(), 0)), default);
        await partition.CheckpointAsync();
        Assert.Equal((1, 1, (DateTimeOffset?)null), await StandAsync());

        await partition.ProcessAsync(new Chunk(1, new("a", 0, 0), new("a", 100, 0)), default);
        await partition.CheckpointAsync();
        Assert.Equal((3, 1, DateTimeOffset.FromUnixTimeMilliseconds(95)), await StandAsync());
        Assert.Equal(["a 0 1"], await world.ResultsAsync());

        // A watermark that an earlier version kept.
        await world.Source.CreateCommand("update jobs.job_positions set watermark = -62135596800005").ExecuteNonQueryAsync();
        Assert.Equal((3, 1, DateTimeOffset.MinValue), await StandAsync());

        async Task<(long Records, long Late, DateTimeOffset? Watermark)> StandAsync()
        {
            var status = await world.StatusAsync();
            return (status.Records, status.Late, status.Watermark);
        }
    }

    [Fact]
    public async Task A_former_owner_that_wakes_up_can_keep_nothing()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using var former = await world.OpenAsync();
        await former.ProcessAsync(new Chunk(0, new("a", 1, 0), new("a", 20, 0)), default);
        await using var owner = await world.OpenAsync();
        await owner.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)), default);
        await owner.CheckpointAsync();

        await former.CheckpointAsync();
        Assert.True(former.IsFenced);
        Assert.Equal(1, (await world.StatusAsync()).NextOffset);
        Assert.Empty(await world.ResultsAsync());
        await Assert.ThrowsAsync<ChunkRefusedException>(() => former.ProcessAsync(new Chunk(2, new Visit("a", 30, 0)), default).AsTask());
    }

    [Fact]
    public async Task A_new_owner_goes_on_with_the_windows_of_the_former_one_and_takes_no_record_twice()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using (var former = await world.OpenAsync())
        {
            await former.ProcessAsync(new Chunk(0, new("a", 1, 0), new("b", 2, 0)), default);
            await former.CheckpointAsync();
            await former.ProcessAsync(new Chunk(2, new Visit("a", 3, 0)), default); // crashes before it is kept
        }

        await using var owner = await world.OpenAsync();
        await owner.ProcessAsync(new Chunk(0, new("a", 1, 0), new("b", 2, 0), new("a", 3, 0), new("a", 20, 0)), default);
        await owner.CheckpointAsync();
        Assert.Equal(["a 0 2", "b 0 1"], await world.ResultsAsync());
    }

    [Theory, InlineData("one"), InlineData("two")]
    public async Task What_a_job_had_taken_before_its_first_checkpoint_comes_again_when_the_partition_is_opened_further_on(string incarnation)
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using (var former = await world.OpenAsync())
        {
            if (incarnation != "one")
                await former.CheckpointAsync(); // the topic is created again: of that one nothing is kept yet
        }

        await using (var first = await OpenAsync(0))
            await first.ProcessAsync(Chunk(0, new("a", 1, 0), new("a", 2, 0)), default);
        await using var again = await OpenAsync(2);
        Assert.True(again.TakeRereadWish());
        await Assert.ThrowsAsync<ChunkRefusedException>(() => again.ProcessAsync(Chunk(2, new Visit("a", 20, 0)), default).AsTask());
        Assert.Equal((0L, null), await world.Store.PositionAsync("visits", incarnation, 0, [PartitionWorld.Counts], default));
        await again.ProcessAsync(Chunk(0, new("a", 1, 0), new("a", 2, 0), new("a", 20, 0)), default);
        await again.CheckpointAsync();
        Assert.Equal(["a 0 2"], await world.ResultsAsync());

        Chunk Chunk(long start, params Visit[] visits) => new(start, visits) { Incarnation = incarnation };

        async Task<JobPartition> OpenAsync(long startOffset)
        {
            var partition = new JobPartition("visits", 0, [PartitionWorld.Counts], world.Services());
            await partition.OpenAsync(incarnation, startOffset, default);
            return partition;
        }
    }

    [Fact]
    public async Task A_commit_that_nobody_heard_of_is_not_written_twice_and_not_tried_for_ever()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var taken = await world.Store.TakeOverAsync("visits", "one", 0, [PartitionWorld.Counts], 0, default);
        var checkpoint = new PartitionCheckpoint
        {
            Topic = "visits",
            Incarnation = "one",
            Partition = 0,
            Epoch = taken.Epoch,
            Number = taken.Checkpoint + 1,
            Outbox = [("out", [1])],
            SentUpTo = 0,
        };
        Assert.True(await world.Store.CommitAsync(checkpoint, DateTimeOffset.UtcNow, default));
        Assert.True(await world.Store.CommitAsync(checkpoint, DateTimeOffset.UtcNow, default));
        Assert.Single((await world.Store.TakeOverAsync("visits", "one", 0, [PartitionWorld.Counts], 0, default)).Outbox);
        Assert.False(await world.Store.CommitAsync(checkpoint, DateTimeOffset.UtcNow, default));
    }

    [Fact]
    public async Task A_chunk_that_begins_beyond_the_position_is_refused_until_the_provider_says_that_the_records_between_are_no_more()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using var partition = await world.OpenAsync();
        await partition.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)), default);
        var beyond = new Chunk(5, new Visit("a", 2, 0));
        for (var again = 0; again < 3; again++) // the same one comes again before the provider has gone back
            await Assert.ThrowsAsync<ChunkRefusedException>(() => partition.ProcessAsync(beyond, default).AsTask());
        await Assert.ThrowsAsync<ChunkRefusedException>(() => partition.ProcessAsync(new Chunk(5, new Visit("a", 2, 0)) { GapFrom = 3 }, default).AsTask());
        await partition.ProcessAsync(new Chunk(5, new Visit("a", 2, 0)) { GapFrom = 1 }, default);
        await partition.CheckpointAsync();
        Assert.Equal(6, (await world.StatusAsync()).NextOffset);
    }

    [Fact]
    public async Task State_that_cannot_be_written_down_keeps_nothing_and_another_owner_begins_at_what_is_kept()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var ratios = Visits.Keyed().Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count(), ratio = a.Of(new Ratio()) });
        await using var partition = await world.OpenAsync(job: ratios);
        await partition.ProcessAsync(new Chunk(0, new Visit("a", 1, 2)), default);
        await partition.CheckpointAsync();
        Assert.False(partition.IsFenced);
        await partition.ProcessAsync(new Chunk(1, new Visit("a", 2, 0)), default);
        await partition.CheckpointAsync();

        Assert.True(partition.IsFenced);
        Assert.Equal(1, (await world.StatusAsync()).NextOffset);
        Assert.Empty(await world.ResultsAsync());
        await Assert.ThrowsAsync<ChunkRefusedException>(() => partition.ProcessAsync(new Chunk(2, new Visit("a", 30, 0)), default).AsTask());
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-2000, false)]
    public async Task A_result_is_kept_at_once_unless_its_records_had_waited_on_the_topic_for_longer_than_an_interval(int kafkaMs, bool isKept)
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using (var partition = await world.OpenAsync(new JobOptions(), time))
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await partition.ProcessAsync(new Chunk(0, new("a", 1, 0), new("a", 20, 0)) { KafkaMs = time.GetUtcNow().ToUnixTimeMilliseconds() + kafkaMs }, default);
        }

        Assert.Equal(isKept ? ["a 0 1"] : [], await world.ResultsAsync());
    }

    internal sealed record Inverse(double Value)
    {
        public double Checked => double.IsFinite(Value) ? Value : throw new InvalidOperationException("infinite");
    }

    /// <summary>Its state for 0 cannot be written.</summary>
    private sealed class Ratio : IAggregator<Visit, Inverse, double>
    {
        public Inverse Initial => new(0);

        public Inverse Add(Inverse state, Visit record) => new(1.0 / record.Value);

        public Inverse Merge(Inverse one, Inverse other) => other;

        public double Result(Inverse state) => 1;
    }

    [Fact]
    public async Task A_job_that_is_drained_takes_what_lies_on_the_partition_first_and_what_was_kept_from_it_while_it_was_paused()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var partition = await world.OpenAsync(time: clock);
        await partition.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)), default);
        await world.Controls.SetAsync(PartitionWorld.Counts, JobState.Paused, "test");
        await TickAsync(done: 1);
        await partition.ProcessAsync(new Chunk(1, new Visit("a", 2, 0)), default);

        await world.Controls.SetAsync(PartitionWorld.Counts, JobState.Draining, "test");
        Assert.Empty(partition.WantLogEnd);
        await TickAsync(done: 2);
        Assert.True(partition.TakeRereadWish()); // what it did not take comes again
        Assert.Equal(["visits"], partition.WantLogEnd);
        partition.EndAt(["another"], 2); // a look that began before this one was drained
        await TickAsync(done: 2); // nobody has said yet how far the log goes
        partition.EndAt(partition.WantLogEnd, 3);
        Assert.Empty(partition.WantLogEnd);
        await TickAsync(done: 3);
        Assert.Single(partition.Positions);
        await partition.ProcessAsync(new Chunk(1, new Visit("a", 2, 0)), default);
        await TickAsync(done: 2);
        Assert.Single(partition.Positions);
        await partition.ProcessAsync(new Chunk(2, new Visit("a", 3, 0)), default);
        await TickAsync(done: 3);
        Assert.Empty(partition.Positions);
        await partition.CheckpointAsync();
        Assert.Equal(["a 0 3"], await world.ResultsAsync());

        async Task TickAsync(long done)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            partition.Done = done;
            await partition.TickAsync(default);
        }
    }

    [Fact]
    public async Task A_job_with_more_keys_than_it_may_have_takes_nothing_more_and_other_jobs_go_on()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var few = Job.Named("few").From<Visit>("visits").Watermark(v => v.Time, TimeSpan.Zero).KeyByNothing().Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count() });
        await using (var partition = await OpenAsync(maxKeys: 2, 0))
        {
            await partition.ProcessAsync(new Chunk(0, new("a", 1, 0), new("b", 2, 0), new("c", 3, 0)), default);
            await partition.ProcessAsync(new Chunk(3, new("a", 4, 0), new("d", 50, 0)), default);
            Assert.Equal([("few", 5L)], partition.Positions.Select(p => (p.Job, p.NextOffset)));
            Assert.Equal(3, partition.OpenResults("visits", new()).Count); // it can be read still
            await partition.CheckpointAsync();
        }

        await using (var again = await OpenAsync(maxKeys: 2, 5))
            Assert.False(again.TakeRereadWish());
        var visits = (await new JobCatalog(world.Store).PartitionsAsync("visits")).Single();
        Assert.Equal((3, 3, true), (visits.NextOffset, visits.Keys, visits.IsFull));
        Assert.Equal(5, (await world.Store.PositionAsync("visits", "one", 0, [PartitionWorld.Counts, few], default)).NextOffset); // it does not hold the other back

        await using var more = await OpenAsync(maxKeys: 3, 5);
        Assert.True(more.TakeRereadWish());
        Assert.Equal(3, (await world.Store.PositionAsync("visits", "one", 0, [PartitionWorld.Counts, few], default)).NextOffset);
        await more.ProcessAsync(new Chunk(3, new("a", 4, 0), new("d", 50, 0)), default);
        await more.CheckpointAsync();
        Assert.Equal(["a 0 2", "b 0 1", "c 0 1"], await world.ResultsAsync());

        async Task<JobPartition> OpenAsync(long maxKeys, long startOffset)
        {
            var partition = new JobPartition("visits", 0, [PartitionWorld.Counts, few], world.Services(new() { CheckpointInterval = TimeSpan.FromHours(1), CheckpointTimeout = TimeSpan.FromHours(2), CheckpointPause = TimeSpan.FromHours(1), MaxKeys = maxKeys }));
            await partition.OpenAsync("one", startOffset, default);
            return partition;
        }
    }

    [Fact]
    public async Task A_silent_partition_counts_as_idle_again_when_its_job_is_resumed()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var partition = await world.OpenAsync(new(), clock);
        await partition.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)), default);
        await world.Controls.SetAsync(PartitionWorld.Counts, JobState.Paused, "test");
        Assert.False((await IdleAfterAsync(20)).IsIdle); // records may wait that it has not taken
        await world.Controls.SetAsync(PartitionWorld.Counts, JobState.Running, "test");
        Assert.True((await IdleAfterAsync(1)).IsIdle);

        async Task<JobPartitionStatus> IdleAfterAsync(int seconds)
        {
            for (var i = 0; i < seconds; i++)
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                await partition.TickAsync(default);
            }

            await partition.CheckpointAsync();
            return await world.StatusAsync();
        }
    }

    [Fact]
    public async Task A_job_with_too_many_keys_is_not_drained_while_records_wait_for_it()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var partition = await world.OpenAsync(new() { MaxKeys = 1 }, clock);
        await partition.ProcessAsync(new Chunk(0, new("a", 1, 0), new("b", 2, 0)), default);
        await partition.ProcessAsync(new Chunk(2, new Visit("a", 3, 0)), default);
        await world.Controls.SetAsync(PartitionWorld.Counts, JobState.Draining, "test");
        for (var i = 0; i < 3; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            partition.Done = 3;
            await partition.TickAsync(default);
            partition.EndAt(partition.WantLogEnd, 3);
        }

        await partition.CheckpointAsync();
        var status = await world.StatusAsync();
        Assert.Equal((2, false, true), (status.NextOffset, status.IsDrained, status.IsFull));
    }

    [Fact]
    public async Task A_job_that_has_too_many_keys_goes_on_when_the_clock_has_closed_its_windows()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var byClock = Job.Named("visits").From<Visit>("visits").ByArrival().KeyByRecordKey(v => v.Who).Window(Tumbling.Of(10.Seconds())).Aggregate(a => new { c = a.Count() });
        await using var partition = new JobPartition("visits", 0, [byClock], world.Services(new() { MaxKeys = 2 }, clock));
        await partition.OpenAsync("one", 0, default);
        await partition.ProcessAsync(new Chunk(0, new("a", 1, 0), new("b", 2, 0), new("c", 3, 0)), default);
        await partition.ProcessAsync(new Chunk(3, new Visit("d", 4, 0)), default);
        Assert.Empty(partition.Positions);
        clock.Advance(TimeSpan.FromSeconds(20));
        await partition.TickAsync(default); // the clock closes them,
        clock.Advance(TimeSpan.FromSeconds(1));
        await partition.TickAsync(default); // and there is room
        Assert.True(partition.TakeRereadWish());
        await partition.ProcessAsync(new Chunk(3, new Visit("d", 4, 0)), default);
        Assert.Equal(4, partition.Positions.Single().NextOffset);
    }

    [Fact]
    public async Task A_transactions_end_behind_the_last_record_does_not_keep_a_job_from_being_drained()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var partition = await world.OpenAsync(time: clock);
        await partition.ProcessAsync(new Chunk(0, new Visit("a", 1, 0)), default);
        await world.Controls.SetAsync(PartitionWorld.Counts, JobState.Draining, "test");
        foreach (var done in new[] { 1, 1, 1, 2 })
        {
            Assert.Single(partition.Positions);
            clock.Advance(TimeSpan.FromSeconds(1));
            partition.Done = done;
            await partition.TickAsync(default);
            partition.EndAt(partition.WantLogEnd, 2);
        }

        Assert.Empty(partition.Positions);
    }
}

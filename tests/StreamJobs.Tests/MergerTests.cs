using StreamJobs.Checkpoints;
using StreamJobs.Running;
using Testing.Postgres;

namespace StreamJobs.Tests;

/// <summary>What a merger keeps, on a real database: what is promised of one that takes over, and of partitions that join later.</summary>
public sealed class MergerTests(PostgresServer postgres)
{
    [Fact]
    public async Task A_merger_that_takes_over_while_a_correction_waits_sends_nothing_twice()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var job = Merged(lateness: 50);
        await using var partition = await world.OpenAsync(job: job);
        await GiveAsync(partition, new Chunk(0, new("a", 1, 0), new("b", 2, 0), new("a", 20, 0)));
        await RunAsync(world, job);
        await GiveAsync(partition, new Chunk(3, new Visit("a", 3, 0)));
        await GiveAsync(partition, new Chunk(4, new Visit("c", 4, 0)));
        await RunAsync(world, job);
        Assert.Equal(["a 0 r1 2", "b 0 r0 1", "c 0 r0 1"], await ResultsAsync(world, job));
        var checkpoints = await new JobCatalog(world.Store).CheckpointsAsync(job, 100);
        Assert.Equal([2, 2], checkpoints.Where(c => c.Owner == "merger/merged").Select(c => c.Results)); // a and b, then a and c
    }

    [Fact]
    public async Task What_was_merged_is_known_although_the_partition_gave_more_before_it_was_kept()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var job = Merged(lateness: 50);
        await using var partition = await world.OpenAsync(job: job);
        await GiveAsync(partition, new Chunk(0, new("a", 1, 0), new("a", 20, 0)));
        var store = new MergerStore(world.Store, job.Name, job.Topic);
        var taken = await store.TakeOverAsync(default);
        for (var number = 1; number <= 2; number++) // of a part that nothing had merged before, and of one that something had
        {
            var read = await store.PartsAsync(all: false, default);
            await GiveAsync(partition, new Chunk(number + 1, new Visit("a", number, 0)));
            Assert.True(await store.CommitAsync(new(taken.Epoch, number, 0, 0, [], long.MinValue, read, [], [], [], 0), DateTimeOffset.UtcNow, default));
            var kept = Assert.Single(await store.PartsAsync(all: true, default));
            Assert.False(kept.IsMerged);
            Assert.Equal(read.Single().Data, kept.MergedData);
            Assert.NotEqual(read.Single().Data, kept.Data);
        }

        var last = await store.PartsAsync(all: false, default);
        Assert.True(await store.CommitAsync(new(taken.Epoch, 3, 0, 0, [], long.MinValue, last, [], [], [], 0), DateTimeOffset.UtcNow, default));
        var all = Assert.Single(await store.PartsAsync(all: true, default));
        Assert.Equal((true, null), (all.IsMerged, all.MergedData));
    }

    [Fact]
    public async Task A_partition_that_joins_later_replaces_no_final_result_also_after_a_takeover()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var job = Merged(lateness: 0);
        await using var first = await world.OpenAsync(job: job);
        await GiveAsync(first, new Chunk(0, new("a", 1, 0), new("a", 2, 0), new("a", 3, 0), new("a", 200, 0)));
        await RunAsync(world, job);
        Assert.Equal(["a 0 r0 3"], await ResultsAsync(world, job));

        await using var second = new JobPartition("visits", 1, [job], world.Services());
        await second.OpenAsync("one", 0, default);
        await GiveAsync(second, new Chunk(0, new("a", 4, 0), new("b", 5, 0), new("a", 50, 0)));
        await RunAsync(world, job, partitions: 2);
        await GiveAsync(first, new Chunk(4, new Visit("a", 300, 0)));
        await GiveAsync(second, new Chunk(3, new Visit("a", 300, 0)));
        await RunAsync(world, job, partitions: 2);
        Assert.Equal(["a 0 r0 3", "a 200 r0 1"], await ResultsAsync(world, job));
        await using var parts = world.Source.CreateCommand("select count(*) from jobs.job_parts where slice < 200");
        Assert.Equal(0L, await parts.ExecuteScalarAsync()); // what was left out does not wait for ever
    }

    private static Job Merged(int lateness) => Job.Named("merged").From<Visit>("visits").Watermark(v => v.Time, TimeSpan.Zero).KeyBy(v => v.Who)
        .Window(Tumbling.Of(10.Milliseconds()), lateness.Milliseconds()).Aggregate(a => new { c = a.Count() });

    private static async Task GiveAsync(JobPartition partition, Chunk chunk)
    {
        await partition.ProcessAsync(chunk, default);
        await partition.CheckpointAsync();
    }

    /// <summary>Has a merger take over, and merge what has come.</summary>
    private static async Task RunAsync(PartitionWorld world, Job job, int partitions = 1)
    {
        await using var merger = new JobMerger(job, world.Services());
        await merger.OpenAsync(default);
        await merger.RunAsync(partitions, default);
    }

    private static async Task<string[]> ResultsAsync(PartitionWorld world, Job job) =>
        [.. (await new JobCatalog(world.Store).ResultsAsync(job, new ResultQuery(null, null, null, null, null), 100)).Select(r => $"{r.Key} {r.StartMs} r{r.Revision} {r.Value.GetProperty("c")}")];
}

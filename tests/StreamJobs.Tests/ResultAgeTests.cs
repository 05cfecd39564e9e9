using StreamJobs.Checkpoints;
using StreamJobs.Lake;
using Testing;
using Testing.Postgres;

namespace StreamJobs.Tests;

/// <summary>Final results leave the table by the job's own time; the lake has them first.</summary>
public sealed class ResultAgeTests(PostgresServer postgres)
{
    private static readonly Job Brief = Visits.Keyed().Window(Tumbling.Of(10.Milliseconds()), allowedLateness: 5.Milliseconds())
        .Aggregate(a => new { c = a.Count() }).KeepResults(20.Milliseconds());

    private static readonly Job BriefInLake = Visits.Keyed().Window(Tumbling.Of(10.Milliseconds()), allowedLateness: 5.Milliseconds())
        .Aggregate(a => new { c = a.Count() }).KeepResults(20.Milliseconds()).ToLake();

    [Fact]
    public async Task Results_that_are_older_than_they_are_kept_for_leave_the_table_and_no_others()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using var partition = await world.OpenAsync(job: Brief);
        await FeedAsync(partition, 0, 1, 15, 35, 55);
        Assert.Equal(["a 0 1", "a 10 1", "a 30 1"], await world.ResultsAsync());
        Assert.Equal(2, await new ResultAge(world.Store).TrimAsync(Brief, default));
        Assert.Equal(["a 30 1"], await world.ResultsAsync());
        Assert.Equal(0, await new ResultAge(world.Store).TrimAsync(Brief, default));
    }

    [Fact]
    public async Task Results_are_as_old_as_the_newest_record_says_when_the_job_is_drained_and_none_is_old_before_the_first()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using var partition = await world.OpenAsync(job: Brief);
        await partition.CheckpointAsync();
        Assert.Equal(0, await new ResultAge(world.Store).TrimAsync(Brief, default));
        await FeedAsync(partition, 0, 1, 15, 36);
        await partition.DisposeAsync();
        await world.DrainAsync(Brief);
        Assert.Equal(1, await new ResultAge(world.Store).TrimAsync(Brief, default));
        Assert.Equal(["a 10 1", "a 30 1"], await world.ResultsAsync());
    }

    [Fact]
    public async Task What_the_lake_waits_for_stays_however_old_it_is()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using var partition = await world.OpenAsync(job: BriefInLake);
        await FeedAsync(partition, 0, 1, 15, 75);
        Assert.Equal(0, await new ResultAge(world.Store).TrimAsync(BriefInLake, default));

        var folder = TestFolder.New();
        var writer = new LakeWriter(BriefInLake, world.Services(new() { LakeFolder = folder }));
        await writer.OpenAsync(default);
        await writer.RunAsync(default);
        Assert.Equal(2, await new ResultAge(world.Store).TrimAsync(BriefInLake, default));
        Assert.Equal(2, LakeFiles.Of(folder).Sum(f => LakeFiles.Read(f).Count));
        Directory.Delete(folder, recursive: true);
    }

    private static async Task FeedAsync(Running.JobPartition partition, long from, params long[] times)
    {
        await partition.ProcessAsync(new Chunk(from, [.. times.Select(t => new Visit("a", t, 0))]), default);
        await partition.CheckpointAsync();
    }
}

using Microsoft.Extensions.Time.Testing;
using StreamJobs.Running;
using StreamJobs.Sinks;
using Testing;
using Testing.Kafka;
using Testing.Postgres;

namespace StreamJobs.Tests;

/// <summary>
/// What a checkpoint sends to topics lies in its outbox until it is sent. It must not lie there for long after: that it was sent is remembered by Kafka as the offset of a group, and
/// brokers forget those of a group that commits nothing for a week.
/// </summary>
public sealed class OutboxTests(KafkaBrokers brokers, PostgresServer postgres)
{
    private static readonly Job ToTopic = Visits.Keyed().Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count() }).ToTopic("results", r => r.Key);

    [Theory, BrokerData]
    public async Task The_outbox_of_a_partition_that_becomes_quiet_is_emptied(BrokerKind kind)
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var (broker, topic) = (await brokers.GetAsync(kind), await brokers.CreateTopicAsync(kind, 1));
        var services = world.Services(time: clock) with { Sinks = new TopicConnection(broker.BootstrapServers, new Dictionary<string, string>(), _ => topic, topic) };
        await using var partition = new JobPartition("visits", 0, [ToTopic], services);
        await partition.OpenAsync("one", 0, default);
        await partition.ProcessAsync(new Chunk(0, new("a", 5, 0), new("a", 9003, 0)), default);
        await partition.CheckpointAsync();
        Assert.Equal(1, await LyingThereAsync(world));

        await partition.TickAsync(default);
        Assert.Equal(0, await LyingThereAsync(world));
    }

    [Theory, BrokerData]
    public async Task The_outbox_of_a_merger_with_nothing_to_merge_is_emptied(BrokerKind kind)
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var (broker, topic) = (await brokers.GetAsync(kind), await brokers.CreateTopicAsync(kind, 1));
        var services = world.Services() with { Sinks = new TopicConnection(broker.BootstrapServers, new Dictionary<string, string>(), _ => topic, topic) };
        Job merged = Job.Named("merged").From<Visit>("visits").Watermark(v => v.Time, TimeSpan.Zero).KeyBy(v => v.Who).Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count() })
            .ToTopic("results", r => r.Key);
        await using var partition = new JobPartition("visits", 0, [merged], services);
        await partition.OpenAsync("one", 0, default);
        await partition.ProcessAsync(new Chunk(0, new("a", 5, 0), new("a", 9003, 0)), default);
        await partition.CheckpointAsync();
        await using var merger = new JobMerger(merged, services);
        await merger.OpenAsync(default);
        await merger.RunAsync(partitions: 1, default);
        Assert.Equal(1, await LyingThereAsync(world));

        await Eventually.Async(
            async () =>
            {
                await merger.RunAsync(partitions: 1, default); // does nothing while it sends
                return await LyingThereAsync(world);
            },
            n => n == 0, TimeSpan.FromSeconds(30), "nothing lies there");
    }

    private static async Task<long> LyingThereAsync(PartitionWorld world) => (long)(await world.Source.CreateCommand("select count(*) from jobs.job_outbox").ExecuteScalarAsync())!;
}

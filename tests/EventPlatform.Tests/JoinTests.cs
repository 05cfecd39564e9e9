using StreamJobs;
using StreamJobs.Checkpoints;
using StreamJobs.Running;
using Testing;
using Testing.Kafka;
using Testing.Postgres;

namespace EventPlatform.Tests;

/// <summary>A join on a real broker and database: two feeders, their topic, and the join, in grains.</summary>
public sealed class JoinTests(KafkaBrokers brokers, PostgresServer postgres)
{
    private const int Orders = 400;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory, BrokerData]
    public async Task Each_pair_is_there_once_although_the_silo_was_replaced_and_a_feeder_set_back_and_nothing_is_kept_behind_the_end(BrokerKind kind)
    {
        await using var cluster = await PlatformCluster.StartJoinAsync(await brokers.GetAsync(kind), postgres);
        var (catalog, savepoints, left) = (cluster.Service<JobCatalog>(), cluster.Service<JobSavepoints>(), OrderJobs.Pairs.Feeders.First());
        await SendAsync(cluster, 0, Orders / 4);
        await Eventually.Async(() => catalog.PartitionsAsync(left.Name), p => p.Count == 2 && p.Sum(x => x.Records) == Orders / 4, Patience, "the feeder has taken a quarter, of both partitions");
        Assert.Equal(SavepointOutcome.Done, await savepoints.CreateAsync(left, "early", "test"));
        await SendAsync(cluster, Orders / 4, Orders / 2);
        await cluster.RestartAsync();
        await SendAsync(cluster, Orders / 2, Orders);
        (catalog, savepoints) = (cluster.Service<JobCatalog>(), cluster.Service<JobSavepoints>());
        var expected = Expected();
        Assert.Equal(expected, Texts(await Eventually.Async(() => ResultsAsync(catalog), r => r.Count >= expected.Length, Patience, $"all {expected.Length} pairs are there")));
        await Eventually.Async(() => RecordsAsync(catalog, OrderJobs.Pairs), n => n == Orders, Patience, "the join has taken every order");

        // It sends all again that it had sent since: what the join has had is none of its records any more.
        Assert.Equal(SavepointOutcome.Done, await savepoints.RestoreAsync(left, "early"));
        var before = await OffsetsAsync(catalog, OrderJobs.Pairs);
        await Eventually.Async(() => RecordsAsync(catalog, left), n => n == Orders, Patience, "the feeder has taken again what came since");
        var again = Enumerable.Range(Orders / 2, Orders / 2).Count(i => !IsCancelled(i)); // at least
        await Eventually.Async(() => OffsetsAsync(catalog, OrderJobs.Pairs), o => o >= before + again, Patience, "the join has passed what was sent again");
        Assert.Equal((Orders, expected.Length), ((int)await RecordsAsync(catalog, OrderJobs.Pairs), (await ResultsAsync(catalog)).Count));

        // Each result can be asked for by the key that is joined by, and a key that only begins alike has others.
        Assert.Contains(expected, e => e.StartsWith("10 ", StringComparison.Ordinal));
        Assert.Equal(
            expected.Where(e => e.StartsWith("1 ", StringComparison.Ordinal)),
            Texts(await catalog.ResultsAsync(OrderJobs.Pairs, new ResultQuery("1", null, null, null, null), 10_000)));

        foreach (var feeder in OrderJobs.Pairs.Feeders)
            await cluster.Service<JobControls>().SetAsync(feeder, JobState.Draining, "test");
        var ended = await Eventually.Async(
            () => catalog.PartitionsAsync(OrderJobs.Pairs.Name), p => p.Count == 3 && p.All(x => x.Keys == 0 && x.Watermark == DateTimeOffset.MaxValue), Patience, "nothing waits any more");
        Assert.Equal(3, ended.Count);
        Assert.Equal(expected, Texts(await ResultsAsync(catalog)));
        Assert.All(await ResultsAsync(catalog), r => Assert.True(r.IsFinal));
    }

    private static string[] Expected() => [.. (
        from placed in Enumerable.Range(0, Orders).Where(i => !IsCancelled(i))
        from cancelled in Enumerable.Range(0, Orders).Where(IsCancelled)
        where AmountOf(placed) == AmountOf(cancelled) && Math.Abs(placed - cancelled) <= 30
        select $"{AmountOf(placed)} {Noon.AddMinutes(placed):O} {Noon.AddMinutes(cancelled):O}").Order(StringComparer.Ordinal)];

    private static string[] Texts(IEnumerable<StoredResult> results) => [.. results
        .Select(r => $"{r.Key.Split('|')[0]} {r.Value.GetProperty("placed").GetDateTimeOffset():O} {r.Value.GetProperty("cancelled").GetDateTimeOffset():O}").Order(StringComparer.Ordinal)];

    private static async Task SendAsync(PlatformCluster cluster, int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            await cluster.SendAsync(new OrderRecord
            {
                EventId = Guid.NewGuid().ToString(),
                OrderId = $"o{i % 7}",
                Type = IsCancelled(i) ? OrderType.Cancel : OrderType.Place,
                Amount = AmountOf(i),
                At = Noon.AddMinutes(i),
            });
        }
    }

    private static bool IsCancelled(int i) => i % 3 == 0;

    private static int AmountOf(int i) => i % 11;

    private static Task<List<StoredResult>> ResultsAsync(JobCatalog catalog) => catalog.ResultsAsync(OrderJobs.Pairs, new ResultQuery(null, null, null, null, null), 10_000);

    private static async Task<long> RecordsAsync(JobCatalog catalog, Job job) => (await catalog.PartitionsAsync(job.Name)).Sum(p => p.Records);

    private static async Task<long> OffsetsAsync(JobCatalog catalog, Job job) => (await catalog.PartitionsAsync(job.Name)).Sum(p => p.NextOffset);
}

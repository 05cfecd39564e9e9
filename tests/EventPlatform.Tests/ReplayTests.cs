using AppHost.Kafka;
using EventStore.DeadLetters;
using EventStore.Projections;
using Testing;
using Testing.Kafka;
using Testing.Postgres;
using ErrorCode = Confluent.Kafka.ErrorCode;

namespace EventPlatform.Tests;

/// <summary>Replays from Kafka beside faults: of records, of the topic, of the broker.</summary>
public sealed class ReplayTests(KafkaBrokers brokers, PostgresServer postgres)
{
    private const int WaitingForBroker = 3030;
    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_replay_passes_over_the_records_that_are_dead_letters_live()
    {
        await using var cluster = await PlatformCluster.StartAsync(await brokers.GetAsync(BrokerKind.Emulator), postgres, Picky.Define);
        var cancel = Order("o1", OrderType.Cancel);
        OrderRecord[] sent =
        [
            cancel, Order("o1", OrderType.Place), cancel, Order("o1", OrderType.Place), // the aggregate fails on the first, so its id is free for the third
            Order("o2", OrderType.Place), Order("o2", OrderType.Cancel, reason: "a\0b"), Order("o2", OrderType.Place), // the database refuses the second
            Order("o3", OrderType.Place, reason: Picky.FailIn("time")), Order("o3", OrderType.Place),
            Order(new string('k', 201), OrderType.Place), Order(new string('k', 199), OrderType.Place), Order("o\0", OrderType.Place),
        ];
        foreach (var record in sent)
            await cluster.SendAsync(record);
        await Eventually.Async(
            async () => await cluster.Service<IDeadLetterStore>().CountAsync(new DeadLetterFilter()), letters => letters == 6, Patience, "six are dead letters");
        await Eventually.Async(async () => await CountAsync(cluster, "orders-by-day"), count => count == 4, Patience, "four orders are placed");

        var replay = await StartAsync(cluster);
        await Eventually.Async(
            async () => await cluster.Service<IReplays>().GetAsync(replay.Id), r => r?.State == ReplayState.Completed, Patience, "the replay is done");
        Assert.Equal(4, await CountAsync(cluster, "orders-again"));
    }

    [Fact]
    public async Task A_replay_knows_a_key_that_has_records_on_two_partitions_and_so_does_one_that_goes_on()
    {
        await using var cluster = await PlatformCluster.StartAsync(await brokers.GetAsync(BrokerKind.Emulator), postgres);
        var placed = Order("o1", OrderType.Place);
        await cluster.SendAsync(placed, partition: 0);
        await Eventually.Async(async () => await CountAsync(cluster, "orders-by-day"), count => count == 1, Patience, "the order is placed");
        foreach (var record in (OrderRecord[])[placed, Order("o1", OrderType.Place), Order("o1", OrderType.Cancel), Order("o1", OrderType.Place)])
            await cluster.SendAsync(record, partition: 1); // the first has happened, the second changes nothing
        await Eventually.Async(async () => await CountAsync(cluster, "orders-by-day"), count => count == 2, Patience, "it is placed again");

        var (source, stopping) = (cluster.Service<IReplaySource>(), TestContext.Current.CancellationToken);
        var request = new ReplayRequest("orders-by-day") { Source = "kafka", Arguments = new Dictionary<string, string> { ["topic"] = "orders" } };
        var pages = await source.ReadAsync(request, null, stopping).ToListAsync(stopping);
        Assert.Equal(["order-placed", "order-cancelled", "order-placed"], pages.SelectMany(p => p.Events).Select(e => e.TypeName));
        Assert.Equal([1L, 2L, 3L], pages.SelectMany(p => p.Events).Select(e => e.Version));

        var rest = await source.ReadAsync(request, pages[0].Position, stopping).ToListAsync(stopping);
        Assert.Equal(pages[1].Events, Assert.Single(rest).Events);
    }

    [Theory, BrokerData]
    public async Task A_replay_of_a_topic_that_is_not_there_is_refused(BrokerKind kind)
    {
        await using var cluster = await PlatformCluster.StartAsync(await brokers.GetAsync(kind), postgres, Orders.Define, "", ("Kafka:Topics:orders", "nowhere"));
        for (var attempt = 0; attempt < 2; attempt++) // asking does not create it
        {
            var refused = await Assert.ThrowsAsync<ProjectionException>(() => StartAsync(cluster));
            Assert.Equal(ProjectionRefusal.NotFound, refused.Reason);
            Assert.Contains("no topic 'nowhere'", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_replay_of_a_topic_that_may_not_be_read_is_refused()
    {
        await using var broker = EmulatedKafka.Start(); // which says of a topic what it is told to
        await using var cluster = await PlatformCluster.StartAsync(broker, postgres);
        broker.SetTopicError(cluster.Topic, ErrorCode.TopicAuthorizationFailed);
        var refused = await Assert.ThrowsAsync<ProjectionException>(() => StartAsync(cluster));
        Assert.Contains("authorization", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_replay_waits_for_a_topic_without_a_leader_and_for_a_broker_that_is_away()
    {
        await using var broker = EmulatedKafka.Start();
        await using var cluster = await PlatformCluster.StartAsync(broker, postgres);
        for (var i = 0; i < 40; i++)
            await cluster.SendAsync(Order($"o{i}", OrderType.Place));
        var request = new ReplayRequest("orders-by-day") { Source = "kafka", Arguments = new Dictionary<string, string> { ["topic"] = "orders" } };
        broker.SetTopicError(cluster.Topic, ErrorCode.LeaderNotAvailable);
        await using var pages = cluster.Service<IReplaySource>().ReadAsync(request, null, TestContext.Current.CancellationToken).GetAsyncEnumerator();

        var next = pages.MoveNextAsync().AsTask();
        await UntilWaitingAsync(1);
        broker.SetTopicError(cluster.Topic, ErrorCode.NoError);
        Assert.True(await next);
        var events = pages.Current.Events.Count;

        broker.TakeDown();
        next = pages.MoveNextAsync().AsTask();
        await UntilWaitingAsync(2);
        broker.BringUp();
        while (await next)
        {
            events += pages.Current.Events.Count;
            next = pages.MoveNextAsync().AsTask();
        }

        Assert.Equal(40, events);

        Task UntilWaitingAsync(int times) => Eventually.Async(
            () => next.IsFaulted ? throw next.Exception : cluster.Logs.Of(WaitingForBroker).Count() == times, Patience, $"the replay waits ({times})");
    }

    private static async Task<EventStore.Projections.Replay> StartAsync(PlatformCluster cluster) => await cluster.Service<IReplays>().StartAsync(
        new ReplayRequest("orders-by-day") { Source = "kafka", Target = "orders-again", Arguments = new Dictionary<string, string> { ["topic"] = "orders" } }, "alice");

    private static async Task<int> CountAsync(PlatformCluster cluster, string projection) =>
        (await cluster.Service<IProjectionReader>().ListAsync(projection, new DocumentQuery(Limit: 500))).Items
            .Sum(d => System.Text.Json.JsonDocument.Parse(d.Json).RootElement.GetProperty("count").GetInt32());

    private static OrderRecord Order(string id, OrderType type, string? reason = null) => new()
    {
        EventId = Guid.NewGuid().ToString(),
        OrderId = id,
        Type = type,
        Amount = 1,
        Reason = reason,
        At = Noon,
    };
}

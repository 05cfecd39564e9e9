using EventPlatform.DeadLetters;
using EventStore.Aggregates;
using EventStore.DeadLetters;
using EventStore.Projections;
using EventStore.Reading;
using Testing;
using Testing.Kafka;
using Testing.Postgres;
using static EventStore.Testing.Scenario;

namespace EventPlatform.Tests;

public sealed class PlatformTests(KafkaBrokers brokers, PostgresServer postgres)
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void An_aggregate_is_tested_without_any_of_this() =>
        Given<Order>(new OrderPlaced("1", 9m, Noon), new OrderCancelled("1", "late")).When(Order("1", OrderType.Cancel)).ThenNothing();

    [Theory, BrokerData]
    public async Task A_record_becomes_an_event_a_state_and_a_projection(BrokerKind kind)
    {
        await using var cluster = await PlatformCluster.StartAsync(await brokers.GetAsync(kind), postgres);
        var placed = Order("o1", OrderType.Place, 20m);
        var sent = await cluster.SendAsync(placed);
        await cluster.SendAsync(placed); // the producer's own repetition
        await cluster.SendAsync(Order("o2", OrderType.Place, 5m));

        var day = await Eventually.Async(
            async () => await cluster.Service<IProjectionReader>().GetAsync("orders-by-day", "2026-01-31"),
            d => d?.Json.Contains("\"count\": 2", StringComparison.Ordinal) == true || d?.Json.Contains("\"count\":2", StringComparison.Ordinal) == true, Patience, "two orders are projected");
        Assert.Contains("25", day!.Json, StringComparison.Ordinal);

        var trace = await Eventually.Async(
            async () => await cluster.Service<IEventReader>().FindAsync(EventIds.OfRecord(placed.EventId), placed.EventId),
            t => t.Ledger.Count == 1, Patience, "the repetition is in the ledger");
        Assert.Equal((sent.Partition.Value, sent.Offset.Value), (trace.Event!.Source!.Record!.Value.Partition, trace.Event.Source.Record.Value.Offset));

        var grain = cluster.Grains.GetGrain<IOrderGrain>("o1");
        Assert.Equal(ReceiptOutcome.Accepted, (await grain.Cancel(new CommandId("c1"), "changed my mind")).Outcome);
        Assert.True((await grain.Cancel(new CommandId("c1"), "changed my mind")).Repeated);
        Assert.Equal(ReceiptOutcome.Rejected, (await grain.Cancel(new CommandId("c2"), "again")).Outcome);
    }

    [Theory, BrokerData]
    public async Task A_bad_record_is_kept_and_can_be_mended_and_sent_again(BrokerKind kind)
    {
        await using var cluster = await PlatformCluster.StartAsync(await brokers.GetAsync(kind), postgres);
        await cluster.SendAsync("o1", "not Avro"u8.ToArray());
        await cluster.SendAsync(null, cluster.Encode(Order("o2", OrderType.Place, 1m)));
        await cluster.SendAsync(Order("o1", OrderType.Place, 3m));

        var store = cluster.Service<IDeadLetterStore>();
        var letters = await Eventually.Async(
            async () => await store.ListAsync(new DeadLetterFilter(), null, 10), l => l.Count == 2, Patience, "both are dead letters");

        // The mended record cancels the order, which is an event only once the order is placed.
        var reader = cluster.Service<IEventReader>();
        await Eventually.Async(async () => await reader.ReadStreamAsync("order/o1", 0, 10), e => e.Count == 1, Patience, "the good record is stored");
        var undecodable = letters.Single(l => l.Letter.Kind == DeadLetterKind.Undecodable);
        var desk = cluster.Service<DeadLetterDesk>();

        Assert.Equal(ReprocessResult.StillBad, (await desk.ReprocessAsync(undecodable.Id, "alice", null, default)).Result);
        var mended = new MendedRecord(null, cluster.Encode(Order("o1", OrderType.Cancel)));
        Assert.Equal(ReprocessResult.Done, (await desk.ReprocessAsync(undecodable.Id, "alice", mended, default)).Result);
        Assert.Equal(ReprocessResult.NotOpen, (await desk.ReprocessAsync(undecodable.Id, "alice", mended, default)).Result);

        var events = await reader.ReadStreamAsync("order/o1", 0, 10);
        Assert.Equal(["order-placed", "order-cancelled"], events.Select(e => e.TypeName));
        Assert.True(events[^1].Source!.Reprocessed);

        var keyless = letters.Single(l => l.Letter.Kind == DeadLetterKind.Invalid);
        Assert.Equal(ReprocessResult.Done, (await desk.ReprocessAsync(keyless.Id, "alice", new MendedRecord("o2", null), default)).Result);
        Assert.Single(await reader.ReadStreamAsync("order/o2", 0, 10));
    }

    [Theory, BrokerData]
    public async Task A_record_that_repeats_an_id_with_another_content_stays_a_dead_letter_until_it_has_an_id_of_its_own(BrokerKind kind)
    {
        await using var cluster = await PlatformCluster.StartAsync(await brokers.GetAsync(kind), postgres);
        var (placed, desk) = (Order("o1", OrderType.Place, 2m), cluster.Service<DeadLetterDesk>());
        await cluster.SendAsync(placed);
        await cluster.SendAsync(placed with { Amount = 3m });
        var store = cluster.Service<IDeadLetterStore>();
        var letter = (await Eventually.Async(
            async () => await store.ListAsync(new DeadLetterFilter(), null, 10), l => l.Count == 1, Patience, "the conflict is a dead letter"))[0];

        var refused = await desk.ReprocessAsync(letter.Id, "alice", null, default);
        Assert.Equal(ReprocessResult.StillBad, refused.Result);
        Assert.Contains("belongs to a record with another key or another content", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(DeadLetterStatus.Open, Assert.Single(await store.ListAsync(new DeadLetterFilter(), null, 10)).Status);

        var mended = new MendedRecord(null, cluster.Encode(placed with { Amount = 3m, EventId = Guid.NewGuid().ToString() }));
        Assert.Equal(ReprocessResult.Done, (await desk.ReprocessAsync(letter.Id, "alice", mended, default)).Result);
    }

    [Fact]
    public async Task A_key_that_is_not_text_is_kept_in_the_reason()
    {
        await using var cluster = await PlatformCluster.StartAsync(await brokers.GetAsync(BrokerKind.Emulator), postgres);
        byte[] key = [0xff, 0x00, 0xfe, 0x80];
        await cluster.SendBytesAsync(key, [1]);
        var letters = await Eventually.Async(
            async () => await cluster.Service<IDeadLetterStore>().ListAsync(new DeadLetterFilter(), null, 10), l => l.Count == 1, Patience, "it is a dead letter");
        Assert.Null(letters[0].Letter.Key);
        Assert.EndsWith($"In base64 it is: {Convert.ToBase64String(key)}", letters[0].Letter.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dead_letter_that_two_operators_mend_in_different_ways_at_once_is_taken_once()
    {
        await using var cluster = await PlatformCluster.StartAsync(await brokers.GetAsync(BrokerKind.Emulator), postgres);
        await cluster.SendAsync("o1", "not Avro"u8.ToArray());
        var (store, desk) = (cluster.Service<IDeadLetterStore>(), cluster.Service<DeadLetterDesk>());
        var letter = (await Eventually.Async(
            async () => await store.ListAsync(new DeadLetterFilter(), null, 10), l => l.Count == 1, Patience, "the record is a dead letter"))[0];

        var mends = Enumerable.Range(1, 8).Select(i => new MendedRecord($"mended-{i}", cluster.Encode(Order($"mended-{i}", OrderType.Place, i))));
        var outcomes = await Task.WhenAll(mends.Select(mended => desk.ReprocessAsync(letter.Id, "alice", mended, default)));

        Assert.Single(outcomes, o => o.Result == ReprocessResult.Done);
        Assert.All(outcomes, o => Assert.True(o.Result is ReprocessResult.Done or ReprocessResult.NotOpen, o.ToString()));
        var reader = cluster.Service<IEventReader>();
        var stored = await Task.WhenAll(Enumerable.Range(1, 8).Select(async i => (await reader.ReadStreamAsync($"order/mended-{i}", 0, 10)).Count));
        Assert.Equal(1, stored.Sum());
    }

    [Fact]
    public async Task A_record_whose_timestamp_is_no_time_is_a_dead_letter_and_its_key_goes_on()
    {
        // Apache Kafka 4 refuses such a record by default; older brokers and the emulator take it.
        await using var cluster = await PlatformCluster.StartAsync(await brokers.GetAsync(BrokerKind.Emulator), postgres);
        var microseconds = Noon.ToUnixTimeMilliseconds() * 1000;
        await cluster.SendAsync("o1", cluster.Encode(Order("o1", OrderType.Place, 1m)), microseconds);
        await cluster.SendAsync("o1", "not Avro"u8.ToArray(), microseconds);
        await cluster.SendAsync(null, cluster.Encode(Order("o2", OrderType.Place, 1m)), microseconds);
        await cluster.SendAsync(Order("o1", OrderType.Place, 3m));

        await Eventually.Async(
            async () => await cluster.Service<IEventReader>().ReadStreamAsync("order/o1", 0, 10), e => e.Count == 1, Patience, "the good record is stored");
        var letters = await Eventually.Async(
            async () => await cluster.Service<IDeadLetterStore>().ListAsync(new DeadLetterFilter(), null, 10), l => l.Count == 3, Patience, "the others are dead letters");
        Assert.All(letters, l => Assert.Equal(9999, l.Letter.Timestamp.Year));
        var timed = Assert.Single(letters, l => l.Letter.Reason.Contains($"Kafka timestamp is {microseconds} ms", StringComparison.Ordinal));
        Assert.Equal(ReprocessResult.Done, (await cluster.Service<DeadLetterDesk>().ReprocessAsync(timed.Id, "alice", null, default)).Result);
    }

    [Theory, BrokerData]
    public async Task A_record_on_which_a_function_of_the_topic_fails_is_a_dead_letter_and_its_key_goes_on(BrokerKind kind)
    {
        await using var cluster = await PlatformCluster.StartAsync(await brokers.GetAsync(kind), postgres, Picky.Define);
        string[] functions = ["key", "eventId", "time"];
        foreach (var function in functions)
            await cluster.SendAsync(Order("o1", OrderType.Place) with { Reason = Picky.FailIn(function) });
        await cluster.SendAsync(Order("o1", OrderType.Place));

        await Eventually.Async(
            async () => await cluster.Service<IEventReader>().ReadStreamAsync($"{AggregateNames.Of(typeof(PickyGrain))}/o1", 0, 10), e => e.Count == 1, Patience, "the good record is stored");
        var letters = (await cluster.Service<IDeadLetterStore>().ListAsync(new DeadLetterFilter(), null, 10)).Select(l => l.Letter).OrderBy(l => l.Record.Offset).ToArray();
        Assert.Equal(functions.Select(f => $"The function '{f}' of topic 'orders' failed on it: the {f} is odd"), letters.Select(l => l.Reason));
        Assert.All(letters, l => Assert.Equal(DeadLetterKind.Invalid, l.Kind));
        Assert.All(letters, l => Assert.Contains(nameof(FormatException), l.Exception, StringComparison.Ordinal));
        Assert.Equal([false, true, false], letters.Select(l => l.EventId is null));
    }

    [Fact]
    public async Task A_job_passes_over_a_record_whose_timestamp_is_no_time()
    {
        await using var cluster = await PlatformCluster.StartJobsAloneAsync(await brokers.GetAsync(BrokerKind.Emulator), postgres);
        await cluster.SendAsync(null, cluster.Encode(Order("o1", OrderType.Place, 1m)), Noon.ToUnixTimeMilliseconds() * 1000);
        var letters = await Eventually.Async(
            async () => await cluster.Service<IDeadLetterStore>().ListAsync(new DeadLetterFilter(), null, 10), l => l.Count == 1, Patience, "it is a dead letter");
        Assert.Equal(("job/per-order", 9999), (letters[0].Letter.Consumer, letters[0].Letter.Timestamp.Year));
    }

    [Theory, BrokerData]
    public async Task A_replay_from_the_topic_equals_what_live_events_gave(BrokerKind kind)
    {
        await using var cluster = await PlatformCluster.StartAsync(await brokers.GetAsync(kind), postgres);
        for (var i = 0; i < 200; i++)
        {
            await cluster.SendAsync(Order($"o{i % 20}", i % 3 == 0 ? OrderType.Cancel : OrderType.Place, i) with { At = Noon.AddHours(i) });
            if (i % 10 == 0)
                await cluster.SendAsync($"o{i % 20}", [1, 2, 3]);
        }

        var reader = cluster.Service<IProjectionReader>();
        var live = await Eventually.Async(
            async () => await ReadAllAsync(reader, "orders-by-day"), d => d.Count > 0 && d.Sum(Count) == Expected(), Patience, "everything is projected");
        var replay = await cluster.Service<IReplays>().StartAsync(
            new ReplayRequest("orders-by-day") { Source = "kafka", Target = "orders-from-kafka", Arguments = new Dictionary<string, string> { ["topic"] = "orders" } }, "alice");
        var done = await Eventually.Async(
            async () => await cluster.Service<IReplays>().GetAsync(replay.Id), r => r?.State == ReplayState.Completed, Patience, "the replay is done");
        Assert.Equal((220, 220), (done!.Done, done.Total)); // records, also those that give no event
        Assert.InRange(done.Rate, 1, 100_000);

        Assert.Equal(live.Select(d => (d.Key, d.Json)), (await ReadAllAsync(reader, "orders-from-kafka")).Select(d => (d.Key, d.Json)));
    }

    [Fact]
    public async Task A_replay_up_to_an_offset_counts_the_records_up_to_it()
    {
        await using var cluster = await PlatformCluster.StartAsync(await brokers.GetAsync(BrokerKind.Emulator), postgres);
        for (var i = 0; i < 40; i++)
            await cluster.SendAsync(Order($"o{i}", OrderType.Place, 1));
        await Eventually.Async(async () => await ReadAllAsync(cluster.Service<IProjectionReader>(), "orders-by-day"), d => d.Sum(Count) == 40, Patience, "everything is projected");

        var arguments = new Dictionary<string, string> { ["topic"] = "orders", ["to"] = "0:3,1:4" };
        var replay = await cluster.Service<IReplays>().StartAsync(
            new ReplayRequest("orders-by-day") { Source = "kafka", Target = "first-orders", Arguments = arguments }, "alice");
        var done = await Eventually.Async(
            async () => await cluster.Service<IReplays>().GetAsync(replay.Id), r => r?.State == ReplayState.Completed, Patience, "the replay is done");
        Assert.Equal((7, 7), (done!.Done, done.Total));
        Assert.Equal(7, (await ReadAllAsync(cluster.Service<IProjectionReader>(), "first-orders")).Sum(Count));
    }

    private static int Expected()
    {
        var (open, placed) = (new HashSet<int>(), 0);
        for (var i = 0; i < 200; i++)
        {
            if (i % 3 == 0)
                open.Remove(i % 20);
            else if (open.Add(i % 20))
                placed++;
        }

        return placed;
    }

    private static int Count(ProjectedDocument document) =>
        System.Text.Json.JsonDocument.Parse(document.Json).RootElement.GetProperty("count").GetInt32();

    private static async Task<IReadOnlyList<ProjectedDocument>> ReadAllAsync(IProjectionReader reader, string name) =>
        (await reader.ListAsync(name, new DocumentQuery(Limit: 500))).Items;

    private static OrderRecord Order(string id, OrderType type, decimal amount = 0) => new()
    {
        EventId = Guid.NewGuid().ToString(),
        OrderId = id,
        Type = type,
        Amount = amount,
        Reason = type == OrderType.Cancel ? "why" : null,
        At = Noon,
    };
}

using System.Text;
using AppHost.Kafka;
using Confluent.Kafka;
using EventPlatform.DeadLetters;
using EventStore;
using EventStore.DeadLetters;
using EventStore.Projections;
using Testing;
using Testing.Kafka;
using Testing.Postgres;

namespace EventPlatform.Tests;

/// <summary>The topic that shows every dead letter to those who watch topics.</summary>
public sealed class DeadLetterMirrorTests(KafkaBrokers brokers, PostgresServer postgres)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory, BrokerData]
    public async Task A_dead_letter_is_on_its_topic_whole_with_what_is_known_of_it(BrokerKind kind)
    {
        var broker = await brokers.GetAsync(kind);
        var topic = await brokers.CreateTopicAsync(kind, 2, "dead");
        await using var cluster = await PlatformCluster.StartAsync(broker, postgres, deadLetterTopic: topic);
        var undecodable = await cluster.SendAsync("o1", "not Avro"u8.ToArray());
        var keyless = await cluster.SendAsync(null, [0, 0, 0, 0, 7, 1]);

        var mirrored = await ReadAsync(broker, topic, 2);

        var first = Assert.Single(mirrored, r => r.Message.Key is not null);
        Assert.Equal("o1", first.Message.Key);
        Assert.Equal("not Avro"u8.ToArray(), first.Message.Value);
        Assert.Equal(Place(cluster.Topic, undecodable), Place(first));
        Assert.Equal(("undecodable", "order"), (Header(first, "kind"), Header(first, "consumer")));
        Assert.Contains("Avro", Header(first, "reason"), StringComparison.Ordinal);
        var second = Assert.Single(mirrored, r => r.Message.Key is null);
        Assert.Equal([0, 0, 0, 0, 7, 1], second.Message.Value);
        Assert.Equal(Place(cluster.Topic, keyless), Place(second));
        Assert.Equal(("invalid", "intake", "7"), (Header(second, "kind"), Header(second, "consumer"), Header(second, "schema-id")));

        var stored = await cluster.Service<IDeadLetterStore>().ListAsync(new DeadLetterFilter(), null, 10);
        Assert.Equal(stored.Select(s => s.Id.ToString()).Order(), mirrored.Select(m => Header(m, "id")).Order());
        Assert.All(stored, s => Assert.Contains(s.Letter.Record.Incarnation, mirrored.Select(m => Header(m, "incarnation"))));
    }

    [Theory, BrokerData]
    public async Task A_letter_that_is_too_large_for_the_topic_is_there_without_its_content(BrokerKind kind)
    {
        var broker = await brokers.GetAsync(kind);
        var topic = await brokers.CreateTopicAsync(kind, 1, "dead");
        await using var cluster = await PlatformCluster.StartAsync(broker, postgres, deadLetterTopic: topic);
        await cluster.Service<IDeadLetterStore>().AddAsync(Letter(offset: 1) with { Payload = new byte[5_000_000] });

        var mirrored = Assert.Single(await ReadAsync(broker, topic, 1));

        Assert.Null(mirrored.Message.Value);
        Assert.Equal("1", Header(mirrored, "offset"));
        Assert.Contains("5000000 bytes", Header(mirrored, "omitted"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_may_say_how_long_clients_wait_before_they_connect_again()
    {
        var broker = await brokers.GetAsync(BrokerKind.Emulator);
        var topic = await brokers.CreateTopicAsync(BrokerKind.Emulator, 1, "dead");
        await using var cluster = await PlatformCluster.StartAsync(broker, postgres, Orders.Define, topic, ("Kafka:Client:reconnect.backoff.ms", "2000"));
        await cluster.SendAsync("o1", "not Avro"u8.ToArray());
        Assert.Single(await ReadAsync(broker, topic, 1));

        var request = new ReplayRequest("orders-by-day") { Source = "kafka", Arguments = new Dictionary<string, string> { ["topic"] = "orders" } };
        Assert.Equal(1, await cluster.Service<IReplaySource>().CountAsync(request, TestContext.Current.CancellationToken));
    }

    [Theory, BrokerData]
    public async Task While_the_broker_is_away_letters_wait_health_says_so_and_then_all_are_there(BrokerKind kind)
    {
        await using var broker = await brokers.StartOwnAsync(kind);
        await broker.CreateTopicAsync("dead", 1);
        await using var cluster = await PlatformCluster.StartAsync(broker, postgres, deadLetterTopic: "dead");
        var store = cluster.Service<IDeadLetterStore>();
        await store.AddAsync(Letter(0));
        Assert.Single(await ReadAsync(broker, "dead", 1));

        await TakeDownAsync(broker);
        for (var i = 1; i <= 250; i++)
            await store.AddAsync(Letter(i));
        var status = cluster.Service<DeadLetterMirrorStatus>();
        await Eventually.Async(() => Task.FromResult(status), s => s is { Error: not null, Waiting: 250 }, Patience, "the mirror says that it cannot publish");

        await BringUpAsync(broker);
        var offsets = (await ReadAsync(broker, "dead", 251)).Select(r => int.Parse(Header(r, "offset")!)).ToHashSet(); // at least once
        Assert.Equal(Enumerable.Range(0, 251), offsets.Order());
        await Eventually.Async(() => Task.FromResult(status), s => s is { Error: null, Waiting: 0 }, Patience, "the mirror is well again");
    }

    private static DeadLetter Letter(int offset) => new(
        new RecordCoordinates("orders", "1", 0, offset), "order", "o1", null, "wrong", DeadLetterKind.Invalid, null, [1], null, DateTimeOffset.UnixEpoch);

    private static Task TakeDownAsync(IKafkaBroker broker)
    {
        if (broker is not PrivateKafka kafka)
            ((EmulatedKafka)broker).TakeDown();
        else
            return kafka.KillAsync();
        return Task.CompletedTask;
    }

    private static Task BringUpAsync(IKafkaBroker broker)
    {
        if (broker is not PrivateKafka kafka)
            ((EmulatedKafka)broker).BringUp();
        else
            return kafka.StartAsync();
        return Task.CompletedTask;
    }

    /// <summary>Reads until the topic has shown so many different letters.</summary>
    private static async Task<IReadOnlyList<ConsumeResult<string?, byte[]?>>> ReadAsync(IKafkaBroker broker, string topic, int letters) => await Task.Run(() =>
    {
        using var consumer = new ConsumerBuilder<string?, byte[]?>(new ConsumerConfig
        {
            BootstrapServers = broker.BootstrapServers,
            GroupId = Guid.NewGuid().ToString("N"),
            AutoOffsetReset = AutoOffsetReset.Earliest,
            ReconnectBackoffMaxMs = 500,
        }).SetKeyDeserializer(new NullableText()).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        consumer.Subscribe(topic);
        using var patience = new CancellationTokenSource(Patience);
        var read = new List<ConsumeResult<string?, byte[]?>>();
        while (read.Select(r => Header(r, "id")).Distinct().Count() < letters)
            read.Add(consumer.Consume(patience.Token));
        return read;
    });

    private static string? Header(ConsumeResult<string?, byte[]?> record, string name) =>
        record.Message.Headers.TryGetLastBytes($"deadletter.{name}", out var value) ? Encoding.UTF8.GetString(value) : null;

    private static (string?, string?, string?) Place(ConsumeResult<string?, byte[]?> record) =>
        (Header(record, "topic"), Header(record, "partition"), Header(record, "offset"));

    private static (string?, string?, string?) Place(string topic, DeliveryResult<byte[]?, byte[]> sent) =>
        (topic, sent.Partition.Value.ToString(), sent.Offset.Value.ToString());

    private sealed class NullableText : IDeserializer<string?>
    {
        public string? Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) => isNull ? null : Encoding.UTF8.GetString(data);
    }
}

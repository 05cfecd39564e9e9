using AppHost.Kafka;
using Confluent.Kafka;
using EventPlatform.Publishing;
using EventStore.Aggregates;
using EventStore.Projections;
using EventStore.Reading;
using Microsoft.Extensions.DependencyInjection;
using SchemaRegistry;
using SchemaRegistry.Registries;
using Testing;
using Testing.Kafka;
using Testing.Postgres;

namespace EventPlatform.Tests;

/// <summary>Committed events on a topic: in the order of their streams, each once.</summary>
public sealed class DomainEventTests(KafkaBrokers brokers, PostgresServer postgres)
{
    public const string Schema = """
        {"type":"record","name":"DomainEvent","fields":[
          {"name":"event_id","type":"string"},
          {"name":"entity","type":"string"},
          {"name":"version","type":"long"},
          {"name":"type","type":"string"},
          {"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"}},
          {"name":"data","type":"string"}]}
        """;

    private const string Subscriber = "publish-order-events";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory, BrokerData]
    public async Task Committed_events_are_published_in_their_streams_order_once_although_the_silo_was_replaced_on_the_way(BrokerKind kind)
    {
        var broker = await brokers.GetAsync(kind);
        await using var cluster = await PlatformCluster.StartPublishingAsync(broker, postgres);
        await SendAsync(cluster, 0, 100);
        await cluster.RestartAsync();
        await SendAsync(cluster, 100, 200);
        await Eventually.Async( // the client may not have noticed yet that its silo was replaced
            async () => await cluster.Grains.GetGrain<IOrderGrain>("of-a-command").Cancel(new CommandId("c1"), "changed my mind"),
            receipt => receipt.Outcome == ReceiptOutcome.Rejected, Patience, "a command that gives no event is refused");

        var stored = await StoredAsync(cluster, 200);
        await PublishedUpToAsync(cluster, stored[^1].Stored.Sequence);
        var published = await ReadAsync(broker, $"{cluster.Topic}-events", kind == BrokerKind.Emulator);
        Assert.Equal(stored.Count, published.Count);
        foreach (var stream in stored.GroupBy(e => e.Stored.StreamKey))
        {
            var entity = stream.Key["order/".Length..];
            Assert.Equal(
                stream.Select(e => (e.Stored.Id.ToString(), e.Stored.Version, e.Stored.TypeName, e.Stored.Data, At(e.Event))),
                published.Where(e => e.Entity == entity).Select(e => (e.EventId, e.Version, e.Type, e.Data, e.Timestamp)));
        }
    }

    [Theory, BrokerData]
    public async Task A_page_that_comes_again_after_a_crash_is_not_sent_twice_and_a_zombie_is_fenced(BrokerKind kind)
    {
        var broker = await brokers.GetAsync(kind);
        await using var cluster = await PlatformCluster.StartPublishingAsync(broker, postgres);
        await SendAsync(cluster, 0, 20);
        var stored = await StoredAsync(cluster, 20);
        await PublishedUpToAsync(cluster, stored[^1].Stored.Sequence);

        // The next owner has not seen the checkpoint move: it gets the page again, and more.
        var former = cluster.Service<IEnumerable<IEventSubscriber>>().Single(s => s.Name == Subscriber);
        using var next = Another(cluster, former);
        var more = stored.Concat(stored.Select(e => e with { Stored = e.Stored with { Sequence = e.Stored.Sequence + 1000, Id = Guid.NewGuid() } })).ToList();
        await ((IEventSubscriber)next).HandleAsync(more, default);
        Assert.Equal(40, (await ReadAsync(broker, $"{cluster.Topic}-events", kind == BrokerKind.Emulator)).Count);

        // The former one wakes up with the same page in its hands.
        await former.HandleAsync(more, default);
        await ((IEventSubscriber)next).HandleAsync(more, default);
        Assert.Equal(40, (await ReadAsync(broker, $"{cluster.Topic}-events", kind == BrokerKind.Emulator)).Count);
    }

    private static IDisposable Another(PlatformCluster cluster, IEventSubscriber former) => (IDisposable)ActivatorUtilities.CreateInstance(
        cluster.Service<IServiceProvider>(), former.GetType(), "order-events", (Func<IOrderEvent, DateTimeOffset>)(e => At(e)));

    private static DateTimeOffset At(object e) => (e as OrderPlaced)?.At ?? DateTimeOffset.UnixEpoch;

    private static async Task SendAsync(PlatformCluster cluster, int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            await cluster.SendAsync(new OrderRecord
            {
                EventId = Guid.NewGuid().ToString(),
                OrderId = $"o{i % 10}",
                Type = i / 10 % 2 == 0 ? OrderType.Place : OrderType.Cancel,
                Amount = i,
                At = Noon.AddMinutes(i),
            });
        }
    }

    private static async Task<List<SubscribedEvent>> StoredAsync(PlatformCluster cluster, int count)
    {
        var events = await Eventually.Async(
            async () => await cluster.Service<IEventReader>().ReadAllAsync(0, 1000), e => e.Count == count, Patience, "everything is stored");
        var (serializer, types) = (cluster.Service<IEventSerializer>(), cluster.Service<EventTypes>());
        return [.. events.Select(e => new SubscribedEvent(e, serializer.Deserialize(e.StreamKey, e.Data, types.TypeOf(e.TypeName))))];
    }

    private static Task PublishedUpToAsync(PlatformCluster cluster, long sequence) => Eventually.Async(
        async () => (await cluster.Service<IProjections>().ListAsync()).Any(s => s.Name == Subscriber && s.Sequence >= sequence), Patience, "everything is published");

    /// <summary>What a read_committed reader sees. The emulator shows aborted transactions too: there, what comes twice is counted once.</summary>
    private static async Task<List<DomainEvent>> ReadAsync(IKafkaBroker broker, string topic, bool once)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
        {
            BootstrapServers = broker.BootstrapServers,
            GroupId = Guid.NewGuid().ToString(),
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnablePartitionEof = true,
            AutoOffsetReset = AutoOffsetReset.Earliest,
        }).SetLogHandler((_, _) => { }).Build();
        consumer.Assign([new TopicPartitionOffset(topic, 0, Offset.Beginning), new TopicPartitionOffset(topic, 1, Offset.Beginning)]);
        var decoder = new AvroRecordDecoder<DomainEvent>(new OneSchema(Schema));
        var read = new List<DomainEvent>();
        for (var ended = 0; ended < 2;)
        {
            var result = consumer.Consume(Patience) ?? throw new TimeoutException("The topic has no end.");
            if (result.IsPartitionEOF)
                ended++;
            else
                read.Add(await decoder.DecodeAsync(result.Message.Value));
        }

        consumer.Close();
        return once ? [.. read.DistinctBy(e => e.EventId)] : read;
    }

    private sealed class OneSchema(string schema) : ISchemaRegistry
    {
        public ValueTask<string> GetByIdAsync(int id, CancellationToken cancellationToken = default) => ValueTask.FromResult(schema);

        public ValueTask<IReadOnlyList<RegisteredSchema>> ListAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<RegisteredSchema> RegisterAsync(string subject, string text, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}

using System.Text;
using AppHost.Kafka;
using Confluent.Kafka;
using EventPlatform.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.TestingHost;
using SchemaRegistry;
using SchemaRegistry.Registries;
using Testing;
using Testing.Postgres;

namespace EventPlatform.Tests;

/// <summary>The example application on one silo, with a broker, a database and a topic of its own.</summary>
public sealed class PlatformCluster : IAsyncDisposable
{
    private const string Schema = """
        {"type":"record","name":"Order","fields":[
          {"name":"event_id","type":"string"},
          {"name":"order_id","type":"string"},
          {"name":"type","type":{"type":"enum","name":"OrderType","symbols":["PLACE","CANCEL"]}},
          {"name":"amount","type":{"type":"bytes","logicalType":"decimal","precision":18,"scale":2}},
          {"name":"reason","type":["null","string"],"default":null},
          {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}}]}
        """;

    private readonly string _schemas = Directory.CreateTempSubdirectory("schemas").FullName;
    private readonly InProcessTestCluster _cluster;
    private readonly IProducer<byte[]?, byte[]> _producer;
    private readonly AvroRecordEncoder<OrderRecord> _encoder;

    private PlatformCluster(IKafkaBroker broker, string database, string topic, string deadLetterTopic, Action<PlatformBuilder> define, short silos, (string Name, string Value)[] settings)
    {
        File.WriteAllText(Path.Combine(_schemas, "order.avsc"), Schema);
        File.WriteAllText(Path.Combine(_schemas, "subjects.json"), """{"orders-value":{"schema":"order.avsc"},"order-counts-value":{"schema":"order_count.avsc"},"order-events-value":{"schema":"domain_event.avsc"},"order-pairs-inputs-value":{"schema":"join_input.avsc"}}""");
        File.WriteAllText(Path.Combine(_schemas, "domain_event.avsc"), DomainEventTests.Schema);
        File.WriteAllText(Path.Combine(_schemas, "order_count.avsc"), OrderJobs.CountSchema);
        File.Copy(Path.Combine(AppContext.BaseDirectory, "schemas", "join_input.avsc"), Path.Combine(_schemas, "join_input.avsc"));
        (Topic, Database) = (topic, database);
        _encoder = new(new RegisteredSchema("orders-value", 1, SchemaId.Of(Schema), Schema));
        _producer = new ProducerBuilder<byte[]?, byte[]>(new ProducerConfig
        {
            BootstrapServers = broker.BootstrapServers,
            Partitioner = Partitioner.Murmur2Random,
            LingerMs = 1,
        }).SetLogHandler((_, _) => { }).Build();
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureHost(host =>
        {
            host.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["ConnectionStrings:Postgres"] = database,
                ["Kafka:BootstrapServers"] = broker.BootstrapServers,
                ["Kafka:Incarnation"] = broker.Incarnation,
                ["Kafka:Topics:orders"] = topic,
                ["Kafka:Topics:order-counts"] = $"{topic}-counts",
                ["Kafka:Topics:order-events"] = $"{topic}-events",
                ["Kafka:Topics:order-pairs-inputs"] = $"{topic}-pairs",
                ["Kafka:ConsumerGroup"] = topic,
                ["Kafka:DeadLetterTopic"] = deadLetterTopic,
                ["SchemaRegistry:Folder"] = _schemas,
                ["Jobs:LakeFolder"] = Lake,
                ["Jobs:LakeInterval"] = "00:00:00.1",
            });
            host.Configuration.AddInMemoryCollection(settings.Select(s => new KeyValuePair<string, string?>(s.Name, s.Value)));
            host.Logging.SetMinimumLevel(LogLevel.Warning).AddProvider(Logs);
        });
        builder.ConfigureSilo((_, silo) => silo.AddEventPlatform(define));
        _cluster = builder.Build();
    }

    public string Topic { get; }

    /// <summary>How to connect to the database.</summary>
    public string Database { get; }

    /// <summary>What the silos log.</summary>
    public LogCapture Logs { get; } = new();

    /// <summary>The folder of the jobs' lake.</summary>
    public string Lake { get; } = TestFolder.New();

    public IGrainFactory Grains => _cluster.Client;

    /// <summary>A service of a silo, the first if not said.</summary>
    public T Service<T>(int silo = 0)
        where T : notnull => _cluster.GetSiloServiceProvider(_cluster.Silos[silo].SiloAddress).GetRequiredService<T>();

    public static Task<PlatformCluster> StartAsync(IKafkaBroker broker, PostgresServer postgres, string deadLetterTopic = "", bool jobs = false) =>
        StartAsync(broker, postgres, deadLetterTopic, jobs ? platform => OrderJobs.Define(platform, Orders.Define) : Orders.Define);

    /// <summary>An application of a test's own, on the example's topic.</summary>
    public static Task<PlatformCluster> StartAsync(
        IKafkaBroker broker, PostgresServer postgres, Action<PlatformBuilder> define, string deadLetterTopic = "", params (string Name, string Value)[] settings) =>
        StartAsync(broker, postgres, deadLetterTopic, define, settings: settings);

    /// <summary>The example's topic with its jobs, and nothing else.</summary>
    public static Task<PlatformCluster> StartJobsAloneAsync(IKafkaBroker broker, PostgresServer postgres, short silos = 1) =>
        StartAsync(broker, postgres, "", platform => OrderJobs.Define(platform, p => p.Topic<OrderRecord>("orders", r => r.OrderId, r => r.EventId, r => r.At)), silos);

    /// <summary>The example's topic with its join, and nothing else.</summary>
    public static Task<PlatformCluster> StartJoinAsync(IKafkaBroker broker, PostgresServer postgres) => StartAsync(
        broker, postgres, "", platform => platform.Topic<OrderRecord>("orders", r => r.OrderId, r => r.EventId, r => r.At).Job(OrderJobs.Pairs));

    /// <summary>The example, whose committed events are published.</summary>
    public static Task<PlatformCluster> StartPublishingAsync(IKafkaBroker broker, PostgresServer postgres) =>
        StartAsync(broker, postgres, "", platform =>
        {
            Orders.Define(platform);
            platform.PublishEvents<IOrderEvent>(to: "order-events", time: e => (e as OrderPlaced)?.At ?? DateTimeOffset.UnixEpoch);
        });

    private static async Task<PlatformCluster> StartAsync(IKafkaBroker broker, PostgresServer postgres, string deadLetterTopic, Action<PlatformBuilder> define, short silos = 1, params (string Name, string Value)[] settings)
    {
        var topic = $"orders-{Guid.NewGuid():N}";
        await broker.CreateTopicAsync(topic, 2);
        await broker.CreateTopicAsync($"{topic}-counts", 1);
        await broker.CreateTopicAsync($"{topic}-events", 2);
        await broker.CreateTopicAsync($"{topic}-pairs", 3);
        var cluster = new PlatformCluster(broker, await postgres.CreateDatabaseAsync(), topic, deadLetterTopic, define, silos, settings);
        await cluster._cluster.DeployAsync();
        return cluster;
    }

    public Task<DeliveryResult<byte[]?, byte[]>> SendAsync(OrderRecord record) => SendAsync(record.OrderId, _encoder.Encode(record));

    /// <summary>Sends to a partition of the caller's choice, as the topic's growth, or a producer with another partitioner, does.</summary>
    public Task<DeliveryResult<byte[]?, byte[]>> SendAsync(OrderRecord record, int partition) => _producer.ProduceAsync(
        new TopicPartition(Topic, partition), new Message<byte[]?, byte[]> { Key = Encoding.UTF8.GetBytes(record.OrderId), Value = _encoder.Encode(record) });

    public Task<DeliveryResult<byte[]?, byte[]>> SendAsync(string? key, byte[] value, long? timestampMs = null) =>
        SendBytesAsync(key is null ? null : Encoding.UTF8.GetBytes(key), value, timestampMs);

    public Task<DeliveryResult<byte[]?, byte[]>> SendBytesAsync(byte[]? key, byte[] value, long? timestampMs = null) =>
        _producer.ProduceAsync(Topic, new Message<byte[]?, byte[]>
        {
            Key = key,
            Value = value,
            Timestamp = timestampMs is { } ms ? new(ms, TimestampType.CreateTime) : Timestamp.Default,
        });

    /// <summary>Stops the silo as a deployment does, and starts another in its place.</summary>
    public Task RestartAsync() => _cluster.RestartSiloAsync(_cluster.Silos[0]);

    public byte[] Encode(OrderRecord record) => _encoder.Encode(record);

    public async ValueTask DisposeAsync()
    {
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
        _producer.Dispose();
        Directory.Delete(_schemas, recursive: true);
        if (Directory.Exists(Lake))
            Directory.Delete(Lake, recursive: true);
    }
}

using AppHost.Kafka;
using Confluent.Kafka;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.TestingHost;

namespace Orleans.Streams.Kafka.Tests.Cluster;

/// <summary>A test's topic, silos and what they share. Its parts outlive a restart of the silos.</summary>
public sealed class KafkaCluster(IKafkaBroker broker) : IAsyncDisposable
{
    public const string Provider = "kafka";
    public const string Stream = "orders";
    private readonly IProducer<byte[]?, byte[]?> _producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig
    {
        BootstrapServers = broker.BootstrapServers,
        Partitioner = Partitioner.Murmur2Random,
        LingerMs = 1,
    }).Build();

    public string Topic { get; } = $"orders-{Guid.NewGuid():N}";

    public Deliveries Deliveries { get; } = new();

    public Unroutables Unroutables { get; } = new();

    public InMemoryKafkaCheckpointStore Checkpoints { get; } = new();

    public InProcessTestCluster Silos { get; private set; } = null!;

    public IEnumerable<KafkaPartitionStatus> Partitions =>
        Silos.Silos.SelectMany(s => Silos.GetSiloServiceProvider(s.SiloAddress).GetRequiredService<IKafkaStreamsStatus>().Partitions);

    public bool IsDrained => Partitions.ToList() is { Count: > 0 } all && all.All(p => p is { State: KafkaPartitionState.Reading, Lag: 0 });

    public Task CreateTopicAsync(int partitions = 2) => broker.CreateTopicAsync(Topic, partitions);

    public async Task StartAsync(short silos = 1, Action<KafkaStreamsOptions>? configure = null, Action<ISiloBuilder>? subscribe = null)
    {
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton(Deliveries);
            silo.Services.AddSingleton<IKafkaUnroutableHandler>(Unroutables);
            silo.Services.AddSingleton<IKafkaCheckpointStore>(Checkpoints);
            silo.Services.AddLogging(l => l.SetMinimumLevel(LogLevel.Warning));
            silo.AddKafkaStreams(Provider, o => Configure(o, configure));
            (subscribe ?? (s => s.AddKafkaImplicitSubscription<RecordingGrain>(Stream)))(silo);
        });
        builder.ConfigureClient(client => client.AddKafkaStreams(Provider, o => Configure(o, null)));
        Silos = builder.Build();
        await Silos.DeployAsync();
    }

    public async Task StopAsync()
    {
        await Silos.StopAllSilosAsync();
        await Silos.DisposeAsync();
    }

    public void Produce(string? key, string value = "") => ProduceBytes(key is null ? null : System.Text.Encoding.UTF8.GetBytes(key), value);

    public void ProduceBytes(byte[]? key, string value = "") =>
        _producer.Produce(Topic, new() { Key = key, Value = System.Text.Encoding.UTF8.GetBytes(value) });

    public void Flush() => Assert.Equal(0, _producer.Flush(TimeSpan.FromSeconds(30)));

    public async ValueTask DisposeAsync()
    {
        if (Silos is not null)
        {
            await Silos.DisposeAsync();
        }

        _producer.Dispose();
    }

    private void Configure(KafkaStreamsOptions options, Action<KafkaStreamsOptions>? configure)
    {
        options.BootstrapServers = broker.BootstrapServers;
        options.Incarnation = broker.Incarnation;
        options.AddStream(Stream, Topic, partitions: 2);
        options.MetadataInterval = TimeSpan.FromMilliseconds(500);
        options.CheckpointInterval = TimeSpan.FromMilliseconds(100);
        configure?.Invoke(options);
    }
}

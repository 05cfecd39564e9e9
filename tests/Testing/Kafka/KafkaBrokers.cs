using AppHost.Kafka;
using Xunit;

namespace Testing.Kafka;

/// <summary>
/// The brokers of a test assembly, each started when a test first asks for it and shared from then on: take a topic of your own. A test that
/// stops a broker starts its own.
/// </summary>
public sealed class KafkaBrokers : IAsyncLifetime
{
    private readonly string _folder = TestFolder.New();
    private readonly Lazy<Task<IKafkaBroker>>[] _shared;

    /// <summary>Starts nothing yet.</summary>
    public KafkaBrokers() => _shared = [.. Enum.GetValues<BrokerKind>().Select(kind => new Lazy<Task<IKafkaBroker>>(() => StartOwnAsync(kind)))];

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>The shared broker of a kind.</summary>
    public Task<IKafkaBroker> GetAsync(BrokerKind kind) => _shared[(int)kind].Value;

    /// <summary>Creates a topic with a name of its own on the shared broker.</summary>
    /// <returns>The topic's name.</returns>
    public async Task<string> CreateTopicAsync(BrokerKind kind, int partitions = 4, string prefix = "topic")
    {
        var name = $"{prefix}-{Guid.NewGuid():N}";
        await (await GetAsync(kind)).CreateTopicAsync(name, partitions);
        return name;
    }

    /// <summary>A broker for one test, which disposes of it.</summary>
    public async Task<IKafkaBroker> StartOwnAsync(BrokerKind kind) => kind is BrokerKind.Emulator ? EmulatedKafka.Start() : await StartOwnKafkaAsync();

    /// <summary>An Apache Kafka for one test, which may kill and restart it, and disposes of it.</summary>
    public Task<PrivateKafka> StartOwnKafkaAsync() => PrivateKafka.StartAsync(
        PrivateKafka.Home() ?? throw new InvalidOperationException(BrokerKind.ApacheKafka.WhyMissing()), Path.Combine(_folder, Guid.NewGuid().ToString("N")));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var broker in _shared.Where(b => b.IsValueCreated && b.Value.IsCompletedSuccessfully))
            await (await broker.Value).DisposeAsync();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }
}

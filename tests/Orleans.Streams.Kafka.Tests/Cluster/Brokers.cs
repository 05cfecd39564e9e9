using AppHost.Kafka;

namespace Orleans.Streams.Kafka.Tests.Cluster;

/// <summary>The brokers that the tests run on: the emulator always, real Kafka when KAFKA_HOME names one. Each is started once, when it is first needed.</summary>
public sealed class Brokers : IAsyncLifetime
{
    public const string Emulator = "emulator";
    public const string Real = "real";
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"orleans-streams-kafka-tests-{Guid.NewGuid():N}");
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly Dictionary<string, IKafkaBroker> _started = [];

    public static TheoryData<string> All => PrivateKafka.Home() is null ? [Emulator] : [Emulator, Real];

    public static bool HasReal => PrivateKafka.Home() is not null;

    public async Task<IKafkaBroker> GetAsync(string kind)
    {
        await _one.WaitAsync();
        try
        {
            if (!_started.TryGetValue(kind, out var broker))
            {
                broker = kind == Emulator ? EmulatedKafka.Start() : await PrivateKafka.StartAsync(PrivateKafka.Home()!, _folder);
                _started.Add(kind, broker);
            }

            return broker;
        }
        finally
        {
            _one.Release();
        }
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var broker in _started.Values)
        {
            await broker.DisposeAsync();
        }

        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}

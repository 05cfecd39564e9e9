using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.Reading;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.TestingHost;

namespace EventStore.Tests.Aggregates;

/// <summary>One silo over a store in memory. Every test uses streams of its own.</summary>
public sealed class AggregateCluster : IAsyncLifetime
{
    public const int SnapshotEvery = 10;
    public const int SnapshotOnDeactivation = 4;

    private InProcessTestCluster? _cluster;

    public AggregateCluster() => Faults = new(Store, Store);

    public MemoryEventStore Store { get; } = new();

    public FaultyStore Faults { get; }

    public async ValueTask InitializeAsync() => _cluster = await StartAsync(services => services
        .AddSingleton<IGroupCommit>(Faults).AddSingleton<IStreamLoader>(Faults).AddSingleton<ISnapshotStore>(Store).AddSingleton<IEventReader>(Store)
        .AddSingleton(p => p.GetRequiredService<IOptions<EventTypes>>().Value));

    /// <summary>A silo with the diary's grain, over the store that <paramref name="addStore"/> registers.</summary>
    public static async Task<InProcessTestCluster> StartAsync(Action<IServiceCollection> addStore)
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddLogging(l => l.ClearProviders());
            silo.Services.AddSingleton<IEventSerializer, SealingSerializer>();
            silo.Services.AddAggregate<DiaryGrain>();
            silo.AddAggregates(o => (o.SnapshotEvery, o.SnapshotOnDeactivation) = (SnapshotEvery, SnapshotOnDeactivation));
            addStore(silo.Services);
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return cluster;
    }

    /// <summary>A diary that no other test uses.</summary>
    public MemoryDiary NewDiary() => Diary($"d{Guid.NewGuid():N}");

    public MemoryDiary Diary(string key) => new(_cluster!.Client.GetGrain<IDiaryGrain>(key), Store, Faults, key);

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }
}

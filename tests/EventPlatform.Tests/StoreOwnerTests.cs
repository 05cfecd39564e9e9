using EventPlatform.Hosting;
using EventStore.Checkpoints;
using EventStore.Projections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Testing;
using Testing.Kafka;
using Testing.Postgres;

namespace EventPlatform.Tests;

/// <summary>Two applications in one database.</summary>
public sealed class StoreOwnerTests(KafkaBrokers brokers, PostgresServer postgres)
{
    [Fact]
    public async Task A_silo_does_not_start_on_the_tables_of_another_application_and_says_what_each_needs_of_its_own()
    {
        var database = await DatabaseOfOrdersAsync();

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => StartingAsync(database, Parcels));
        Assert.Contains("belong to another application, which reads orders-", Assert.Single(refused.Failures), StringComparison.Ordinal);
        Assert.Contains("Cluster:Id, Cluster:ServiceId, EventStore:Schema", Assert.Single(refused.Failures), StringComparison.Ordinal);

        await StartingAsync(database, Parcels, ("EventStore:Schema", "parcels"));
    }

    [Fact]
    public async Task An_application_whose_topics_all_have_other_names_now_is_known_by_its_projections()
    {
        var database = await DatabaseOfOrdersAsync();
        await StartingAsync(database, Orders.Define, ("Kafka:Topics:orders", "orders-of-next-year"));
    }

    private static void Parcels(PlatformBuilder platform) => platform
        .Topic<OrderRecord>("parcels", key: r => r.OrderId, eventId: r => r.EventId, time: r => r.At)
        .Aggregate<OrderGrain>(from: "parcels");

    private async Task<string> DatabaseOfOrdersAsync()
    {
        await using var cluster = await PlatformCluster.StartAsync(await brokers.GetAsync(BrokerKind.Emulator), postgres);
        await Eventually.Async(
            async () => ((await cluster.Service<IPartitionCheckpoints>().ListAsync()).Count, (await cluster.Service<IProjections>().ListAsync()).Count),
            kept => kept.Item1 > 0 && kept.Item2 > 0, TimeSpan.FromSeconds(60), "partitions and projections have their rows");
        return cluster.Database;
    }

    /// <summary>What comes before a silo joins its cluster.</summary>
    private static async Task StartingAsync(string database, Action<PlatformBuilder> define, params (string Name, string Value)[] settings)
    {
        using var host = new HostBuilder()
            .ConfigureAppConfiguration(c => c.AddInMemoryCollection(settings
                .Append(("ConnectionStrings:Postgres", database)).Append(("Kafka:BootstrapServers", "127.0.0.1:9")).Append(("SchemaRegistry:Folder", AppContext.BaseDirectory))
                .Select(s => new KeyValuePair<string, string?>(s.Item1, s.Item2))))
            .UseOrleans((_, silo) => silo.UseLocalhostClustering().AddEventPlatform(define)).Build();
        foreach (var service in host.Services.GetServices<IHostedService>().OfType<IHostedLifecycleService>())
            await service.StartingAsync(TestContext.Current.CancellationToken);
    }
}

using AppHost.Processes;
using Contracts.Records;
using EventPlatform.Hosting;
using Grains;
using Grains.Users;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ingest;

/// <summary>A silo as the shop runs it, with its users alone or with all of it, in a process of its own.</summary>
internal static class Ours
{
    public static async Task<int> RunAsync(string bootstrap, string postgres, bool shop)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:Postgres"] = postgres,
            ["Kafka:BootstrapServers"] = bootstrap,
            ["Kafka:Topics:user-events"] = Run.Topic,
            ["SchemaRegistry:Folder"] = Path.Combine(AppContext.BaseDirectory, "schemas"),
        });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(FreePort.Any(), FreePort.Any(), serviceId: "ingest", clusterId: "ingest");
            if (shop)
                silo.AddEventPlatform(Shop.Define);
            else
                silo.AddEventPlatform(platform => platform
                    .Topic<UserRecord>(Shop.UserEvents, r => r.UserId, r => r.EventId, r => r.Timestamp)
                    .Aggregate<UserGrain>(from: Shop.UserEvents));
        });
        using var host = builder.Build();
        await host.RunAsync();
        Console.WriteLine($"allocated {GC.GetTotalAllocatedBytes()} collections {GC.CollectionCount(0)} {GC.CollectionCount(1)} {GC.CollectionCount(2)}");
        return 0;
    }
}

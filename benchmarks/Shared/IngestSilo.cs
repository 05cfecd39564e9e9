using System.CommandLine;
using System.Net;
using AppHost.Processes;
using Contracts.Records;
using EventPlatform.Clustering;
using EventPlatform.Hosting;
using Grains;
using Grains.Users;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Shared;

/// <summary>A silo as the shop runs it, with its users alone or with all of it, in a process of its own; more of them are a cluster.</summary>
public static class IngestSilo
{
    private const string Name = "run-silo";

    /// <summary>The command by which a benchmark's program becomes that process.</summary>
    /// <param name="configure">What the benchmark adds to the silo.</param>
    /// <param name="name">The command's name, where there are several.</param>
    public static Command Command(Action<ISiloBuilder>? configure = null, string name = Name)
    {
        var bootstrap = new Option<string>("--bootstrap") { Required = true };
        var topic = new Option<string>("--topic") { Required = true };
        var postgres = new Option<string>("--postgres") { Required = true };
        var shop = new Option<bool>("--shop");
        var command = new Command(name, "Started by the benchmark: a silo.") { bootstrap, topic, postgres, shop };
        command.SetAction((parsed, _) => HostAsync(parsed.GetValue(bootstrap)!, parsed.GetValue(topic)!, parsed.GetValue(postgres)!, parsed.GetValue(shop), configure));
        return command;
    }

    /// <summary>Starts one that reads a topic.</summary>
    public static Task<OwnedProcess> StartAsync(Lab lab, string topic, string postgres, bool shop, string command = Name) => Contender.StartAsync(
        "silo", lab.Folder, [command, "--bootstrap", lab.Kafka.BootstrapServers, "--topic", topic, "--postgres", postgres, .. shop ? new[] { "--shop" } : []]);

    private static async Task<int> HostAsync(string bootstrap, string topic, string postgres, bool shop, Action<ISiloBuilder>? configure)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:Postgres"] = postgres,
            ["Kafka:BootstrapServers"] = bootstrap,
            ["Kafka:Topics:user-events"] = topic,
            ["SchemaRegistry:Folder"] = Path.Combine(AppContext.BaseDirectory, "schemas"),
        });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.UseOrleans(silo =>
        {
            silo.UsePostgresClustering();
            silo.ConfigureEndpoints(IPAddress.Loopback, FreePort.Any(), FreePort.Any());
            if (shop)
                silo.AddEventPlatform(Shop.Define);
            else
                silo.AddEventPlatform(platform => platform
                    .Topic<UserRecord>(Shop.UserEvents, r => r.UserId, r => r.EventId, r => r.Timestamp)
                    .Aggregate<UserGrain>(from: Shop.UserEvents));
            configure?.Invoke(silo);
        });
        using var host = builder.Build();
        await host.RunAsync();
        Console.WriteLine($"allocated {GC.GetTotalAllocatedBytes()}");
        return 0;
    }
}

using AppHost.Processes;
using Contracts.Records;
using EventPlatform;
using EventPlatform.AspNetCore;
using EventPlatform.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Shared;

namespace Windows;

/// <summary>A silo with nothing but the jobs that are measured, in a process of its own; with a port, it serves the API too.</summary>
internal static class Ours
{
    public static async Task<int> RunAsync(Contest contest, string postgres, string output, IEnumerable<StreamJobs.Job> jobs, int? port)
    {
        var schemas = Directory.CreateTempSubdirectory("schemas");
        try
        {
            Schemas.Write(schemas.FullName, "window-totals", WindowTotal.Schema);
            var builder = WebApplication.CreateSlimBuilder();
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["urls"] = $"http://127.0.0.1:{port ?? FreePort.Any()}",
                ["Silo:Port"] = $"{FreePort.Any()}",
                ["Silo:GatewayPort"] = $"{FreePort.Any()}",
                ["ConnectionStrings:Postgres"] = postgres,
                ["Kafka:BootstrapServers"] = contest.Bootstrap,
                ["Kafka:Topics:user-events"] = contest.Topic,
                ["Kafka:Topics:window-totals"] = output,
                ["Kafka:Topics:event-counts"] = $"{output}-event-counts",
                ["Kafka:Topics:user-activity"] = $"{output}-user-activity",
                ["Kafka:Topics:revenue-metrics"] = $"{output}-revenue-metrics",
                ["Kafka:DeadLetterTopic"] = "",
                ["SchemaRegistry:Folder"] = schemas.FullName,
            });
            builder.Logging.SetMinimumLevel(LogLevel.Warning);
            if (port is null)
                builder.UseOrleans(silo => silo.UseLocalhostClustering(FreePort.Any(), FreePort.Any(), serviceId: "windows", clusterId: "windows").AddEventPlatform(Define));
            else
                builder.AddEventPlatform(Define);
            await using var app = builder.Build();
            if (port is not null)
                app.MapEventPlatform();
            await app.RunAsync();
            Console.WriteLine($"allocated {GC.GetTotalAllocatedBytes()}");
            return 0;
        }
        finally
        {
            schemas.Delete(recursive: true);
        }

        void Define(PlatformBuilder platform)
        {
            platform.Topic<UserRecord>(WindowJobs.Input, r => r.UserId, r => r.EventId, r => r.Timestamp);
            foreach (var job in jobs)
                platform.Job(job);
        }
    }
}

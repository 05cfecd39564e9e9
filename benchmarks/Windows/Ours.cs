using AppHost.Processes;
using Contracts.Records;
using EventPlatform.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Shared;

namespace Windows;

/// <summary>A silo with nothing but the jobs that are measured, in a process of its own.</summary>
internal static class Ours
{
    public static async Task<int> RunAsync(Contest contest, string postgres, string output, IEnumerable<StreamJobs.Job> jobs)
    {
        var schemas = Directory.CreateTempSubdirectory("schemas");
        try
        {
            Schemas.Write(schemas.FullName, "window-totals", WindowTotal.Schema);
            var builder = Host.CreateApplicationBuilder();
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
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
            builder.UseOrleans(silo =>
            {
                silo.UseLocalhostClustering(FreePort.Any(), FreePort.Any(), serviceId: "windows", clusterId: "windows");
                silo.AddEventPlatform(platform =>
                {
                    platform.Topic<UserRecord>(WindowJobs.Input, r => r.UserId, r => r.EventId, r => r.Timestamp);
                    foreach (var job in jobs)
                        platform.Job(job);
                });
            });
            using var host = builder.Build();
            await host.RunAsync();
            Console.WriteLine($"allocated {GC.GetTotalAllocatedBytes()}");
            return 0;
        }
        finally
        {
            schemas.Delete(recursive: true);
        }
    }
}

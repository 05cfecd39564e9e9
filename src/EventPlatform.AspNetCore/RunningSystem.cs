using System.Text.Json;
using EventPlatform.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration.Memory;

namespace EventPlatform.AspNetCore;

/// <summary>For development: the Kafka and the Postgres of the system that <c>./dev up</c> runs.</summary>
public static class RunningSystem
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>
    /// With <c>--system FOLDER</c>, the data folder of a system that runs (<c>.data</c> unless it was given another), takes its addresses from there, and lets
    /// missing topics be created. Settings that are given elsewhere win. Without it does nothing: in production every setting is given.
    /// </summary>
    /// <param name="builder">The program.</param>
    public static WebApplicationBuilder UseRunningSystem(this WebApplicationBuilder builder)
    {
        if (builder.Configuration["System"] is { Length: > 0 } folder)
            ((IConfigurationBuilder)builder.Configuration).Sources.Insert(0, new MemoryConfigurationSource { InitialData = Settings(Read(folder)) });
        return builder;
    }

    private static Dictionary<string, string?> Settings(Endpoints system)
    {
        var settings = new Dictionary<string, string?>
        {
            ["ConnectionStrings:Postgres"] = system.Postgres,
            ["Kafka:BootstrapServers"] = system.Kafka,
            ["Kafka:CreateMissingTopics"] = "true",
        };
        if (system.SchemaRegistryUrl is { } registry)
            settings["SchemaRegistry:Url"] = registry;
        if (system.KafkaIncarnation is { } incarnation)
        {
            settings["Kafka:Incarnation"] = incarnation;
            // The emulator's topics are new at each start: that is no gap to stop at.
            settings["Kafka:OnGap"] = "SkipToEarliest";
        }

        return settings;
    }

    private static Endpoints Read(string folder)
    {
        var file = Path.Combine(Path.GetFullPath(folder), "endpoints.json");
        if (!File.Exists(file))
            throw new StartupException($"No system runs on the folder that --system names: there is no {file}. Start one: ./dev up --no-demo --detach");
        return JsonSerializer.Deserialize<Endpoints>(File.ReadAllText(file), Json) is { Kafka.Length: > 0, Postgres.Length: > 0 } system ? system
            : throw new StartupException($"{file} names no addresses yet: the system is still starting.");
    }

    private sealed record Endpoints(string? Kafka, string? KafkaIncarnation, string? Postgres, string? SchemaRegistryUrl);
}

using System.Security.Cryptography;
using System.Text;

namespace AppHost.Running;

/// <summary>What a system was started with, by which one who asks for something else is told that it is not so. Of settings digests only: some are passwords.</summary>
/// <param name="Silos">How many silos.</param>
/// <param name="Port">The port that was asked for.</param>
/// <param name="Demo">Whether a load runs.</param>
/// <param name="Kafka">Which broker.</param>
/// <param name="Settings">The settings' digests, by name.</param>
public sealed record StartedWith(int Silos, int Port, bool Demo, string Kafka, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>What the options come to.</summary>
    public static StartedWith Of(UpOptions options) => new(
        options.Silos, options.Port, options.Demo, Broker.Choice(options), options.Settings.All.ToDictionary(s => s.Key, s => Digest(s.Value), StringComparer.OrdinalIgnoreCase));

    /// <summary>The options and settings given that the system was not started with. Those that are only missing now ask for nothing.</summary>
    /// <param name="asked">What is asked for now.</param>
    /// <param name="running">The system: its own addresses, which <c>env</c> prints, are no difference.</param>
    public IEnumerable<string> Differences(UpOptions asked, Endpoints running)
    {
        var own = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["ConnectionStrings:Postgres"] = running.Postgres,
            ["Kafka:BootstrapServers"] = running.Kafka,
            ["Kafka:Incarnation"] = running.KafkaIncarnation,
            ["Kafka:OnGap"] = running.KafkaIncarnation is null ? null : "SkipToEarliest",
            ["SchemaRegistry:Url"] = running.Registry,
        };
        var now = Of(asked);
        if (asked.Named.Contains("--silos") && now.Silos != Silos)
            yield return $"--silos {now.Silos} (it has {Silos})";
        if (asked.Named.Contains("--port") && now.Port != Port)
            yield return $"--port {now.Port} (it was given {Port})";
        if (asked.Named.Contains("--kafka") && now.Kafka != Kafka)
            yield return $"--kafka {now.Kafka} (it has {Kafka})";
        if (asked.Named.Contains("--no-demo") && now.Demo != Demo)
            yield return Demo ? "--no-demo (it has a load)" : "a load (it was started with --no-demo)";
        var then = new Dictionary<string, string>(Settings, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, digest) in now.Settings)
        {
            if (then.GetValueOrDefault(name) != digest && (own.GetValueOrDefault(name) is not { } value || asked.Settings[name] != value))
                yield return name;
        }
    }

    private static string Digest(string value) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)))[..16];
}

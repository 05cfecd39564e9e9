using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Architecture.Tests.Deployment;

/// <summary>docker-compose.yml, with its anchors and merges resolved.</summary>
internal sealed class Compose
{
    private Compose(Dictionary<string, ComposeService> services, ICollection<string> volumes) => (Services, Volumes) = (services, volumes);

    public IReadOnlyDictionary<string, ComposeService> Services { get; }

    public ICollection<string> Volumes { get; }

    public static Compose Load()
    {
        var parser = new MergingParser(new Parser(new StringReader(Repository.Read("docker-compose.yml"))));
        var root = (Dictionary<object, object?>)new DeserializerBuilder().Build().Deserialize(parser)!;
        var services = Map(root["services"]).ToDictionary(s => s.Key, s => new ComposeService(Map(s.Value)));
        return new(services, Map(root["volumes"]).Keys);
    }

    internal static Dictionary<string, object?> Map(object? value) =>
        value is Dictionary<object, object?> map ? map.ToDictionary(e => (string)e.Key, e => e.Value) : [];
}

/// <summary>A service.</summary>
internal sealed class ComposeService(Dictionary<string, object?> values)
{
    public string Image => (string)values["image"]!;

    /// <summary>The Dockerfile that it is built from, or null.</summary>
    public string? Dockerfile => values.TryGetValue("build", out var build) ? (string)Compose.Map(build)["dockerfile"]! : null;

    public IReadOnlyDictionary<string, string> Environment =>
        Compose.Map(values.GetValueOrDefault("environment")).ToDictionary(e => e.Key, e => (string)e.Value!);

    public string? HealthCheck => values.TryGetValue("healthcheck", out var check) ? string.Join(' ', (List<object>)Compose.Map(check)["test"]!) : null;

    public string? WhyNoHealthCheck => values.GetValueOrDefault("x-no-health-check") as string;

    /// <summary>The services that it waits for, with the condition.</summary>
    public IReadOnlyDictionary<string, string> Needs =>
        Compose.Map(values.GetValueOrDefault("depends_on")).ToDictionary(n => n.Key, n => (string)Compose.Map(n.Value)["condition"]!);

    public IEnumerable<string> Ports => Strings("ports");

    public IEnumerable<string> Volumes => Strings("volumes");

    public IEnumerable<string> Command => Strings("command");

    private IEnumerable<string> Strings(string name) => values.GetValueOrDefault(name) is List<object> list ? list.Cast<string>() : [];
}

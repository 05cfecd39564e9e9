using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;

namespace Architecture.Tests.Observability;

/// <summary>
/// The names under which Prometheus sees the metrics that the code defines: each instrument is made again, with its kind, name and unit, and
/// rendered by the exporter that the programs use.
/// </summary>
internal static partial class MetricNames
{
    private const string Probe = "probe";

    public static async Task<HashSet<string>> ReadAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(Probe, "Microsoft.AspNetCore.Hosting").AddRuntimeInstrumentation().AddPrometheusExporter());
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapPrometheusScrapingEndpoint("/metrics");
        await app.StartAsync();

        using var meter = new Meter(Probe);
        foreach (var (kind, name, unit) in Defined())
            Make(meter, kind, name, unit);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        using (await http.GetAsync("/")) // counted by ASP.NET Core, so that its metrics are there
        {
        }

        var text = await http.GetStringAsync("/metrics");
        return [.. Sample().Matches(text).Select(m => m.Groups[1].Value)];
    }

    /// <summary>The instruments in the sources.</summary>
    public static IReadOnlyList<(string Kind, string Name, string Unit)> Defined() =>
    [
        .. from file in Repository.Files("src", "*.cs")
           from Match match in Definition().Matches(Repository.Read(file))
           select (match.Groups["kind"].Value, match.Groups["name"].Value, match.Groups["unit"].Value),
    ];

    /// <summary>How many places in the sources make an instrument.</summary>
    public static int CountOfPlaces() => Repository.Files("src", "*.cs").Sum(file => Place().Count(Repository.Read(file)));

    private static void Make(Meter meter, string kind, string name, string unit)
    {
        switch (kind)
        {
            case "Counter": meter.CreateCounter<long>(name, unit).Add(1); break;
            case "Histogram": meter.CreateHistogram<double>(name, unit).Record(1); break;
            case "ObservableGauge": meter.CreateObservableGauge(name, () => 1, unit); break;
            case "ObservableCounter": meter.CreateObservableCounter(name, () => 1, unit); break;
            default: throw new NotSupportedException($"{name} is a {kind}: teach this test about it.");
        }
    }

    [GeneratedRegex("""Create(?<kind>[A-Z]\w*)(?:<\w+>)?\(\s*"(?<name>[a-z_.]+)",.*?"(?<unit>s|By|\{[a-z_]+\})"\s*[,)]""", RegexOptions.Singleline)]
    private static partial Regex Definition();

    [GeneratedRegex("""\.Create(Counter|Histogram|UpDownCounter|Gauge|Observable\w+)(<\w+>)?\(""")]
    private static partial Regex Place();

    [GeneratedRegex("^([a-z_]+)[{ ]", RegexOptions.Multiline)]
    private static partial Regex Sample();
}

using System.Globalization;
using System.Text.Json;
using HdrHistogram;

namespace Latency;

/// <summary>A row of the result; ratios are against the broker's own latency in the same run.</summary>
internal sealed record Row(string Case, double Value, string Unit, string? Against, double? Ratio, double? Target, bool? Met);

internal static class Report
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Prints the rows; true when every target was met.</summary>
    public static bool Print(Settings settings, Sampler sampler, LagWatch lag, double acknowledged)
    {
        var counted = lag.Seconds.Where(s => s.At > TimeSpan.FromSeconds(settings.Skip)).ToList();
        var below = counted.Count == 0 ? 0 : 100.0 * counted.Count(s => s.Lag < 1_000) / counted.Count;
        var highest = counted.Select(s => s.Lag).DefaultIfEmpty(0).Max();
        List<Row> rows =
        [
            new("load acknowledged", acknowledged, "events/s", null, null, settings.Rate * 0.99, acknowledged >= settings.Rate * 0.99),
            new("seconds with a lag below 1,000", below, "%", null, null, 99, below >= 99),
            new("highest lag", highest, "records", null, null, 5_000, highest <= 5_000),
            new("samples never seen", sampler.NeverSeen, "records", null, null, 0, sampler.NeverSeen == 0),
            Percentile("entity p50", 50, null), Percentile("entity p99", 99, 100), Percentile("entity p99.9", 99.9, null),
        ];
        foreach (var row in rows)
            Console.WriteLine(settings.Json ? AsJson(settings, row) : AsText(row));
        if (sampler.Trouble is { } trouble)
            Console.Error.WriteLine($"Some samples were not answered. The first: {trouble}");
        return rows.TrueForAll(r => r.Met ?? true);

        Row Percentile(string name, double percentile, double? target)
        {
            var (seen, broker) = (Milliseconds(sampler.Seen, percentile), Milliseconds(sampler.Consumed, percentile));
            return new(name, seen, "ms", "broker", broker > 0 ? seen / broker : null, target, target is null ? null : seen < target);
        }
    }

    private static double Milliseconds(HistogramBase histogram, double percentile) =>
        histogram.TotalCount == 0 ? 0 : histogram.GetValueAtPercentile(percentile) / 1000.0;

    private static string AsText(Row row) => string.Create(CultureInfo.InvariantCulture,
        $"{row.Case,-32}{row.Value,12:#,0.0} {row.Unit,-10}{(row.Ratio is { } r ? $"{r:0.0} x the broker's" : ""),-22}{(row.Target is { } t ? $"target {t:#,0} {(row.Met == true ? "met" : "MISSED")}" : "")}");

    private static string AsJson(Settings settings, Row row) => JsonSerializer.Serialize(
        new
        {
            Bench = "latency",
            Case = $"{row.Case} at {settings.Rate}/s",
            row.Value,
            row.Unit,
            row.Against,
            row.Ratio,
            Spread = (double?)null,
            row.Target,
            row.Met,
            Machine = $"{Environment.ProcessorCount} cores",
        },
        Json);
}

using System.Globalization;
using System.Text.Json;

namespace Shared;

/// <summary>A line of a benchmark's result.</summary>
/// <param name="Case">What was measured.</param>
/// <param name="Value">How much.</param>
/// <param name="Unit">Of what.</param>
public sealed record Row(string Case, double Value, string Unit)
{
    /// <summary>What it was compared with, in the same run.</summary>
    public string? Against { get; init; }

    /// <summary>How many times that.</summary>
    public double? Ratio { get; init; }

    /// <summary>How far the rounds' ratios lie apart: the largest less the smallest.</summary>
    public double? Spread { get; init; }

    /// <summary>What the ratio is to reach, or with <see cref="AtMost"/> not to pass.</summary>
    public double? Target { get; init; }

    /// <summary>Whether less is better.</summary>
    public bool AtMost { get; init; }

    /// <summary>Whether it does; null where nothing is to be reached.</summary>
    public bool? Met => Target is { } target ? AtMost ? Ratio <= target : Ratio >= target : null;

    /// <summary>The row with the ratios of its rounds to what they were compared with.</summary>
    public Row Beside(string against, IEnumerable<double> ratios)
    {
        var all = ratios.ToArray();
        return this with { Against = against, Ratio = Stats.Median(all), Spread = Stats.Spread(all) };
    }
}

/// <summary>Prints a benchmark's result, as a table or as one JSON object per line.</summary>
public sealed class Report(string bench, bool asJson)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public void Add(Row row) => Console.WriteLine(asJson ? AsJson(row) : AsText(row));

    private static string AsText(Row row) => string.Create(CultureInfo.InvariantCulture,
        $"{row.Case,-44}{row.Value,12:#,0.##} {row.Unit,-20}{(row.Ratio is { } ratio ? $"{ratio:0.00} x {row.Against} (spread {row.Spread ?? 0:0.00})" : ""),-36}{(row.Target is { } t ? $"target {(row.AtMost ? "<= " : "")}{t:0.##} {(row.Met == true ? "met" : "MISSED")}" : "")}").TrimEnd();

    private string AsJson(Row row) => JsonSerializer.Serialize(
        new
        {
            Bench = bench,
            row.Case,
            Value = Math.Round(row.Value, 3),
            row.Unit,
            row.Against,
            row.Ratio,
            row.Spread,
            row.Target,
            row.Met,
            Machine = $"{Environment.ProcessorCount} cores",
        },
        Json);
}

/// <summary>What rounds come to.</summary>
public static class Stats
{
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    public static double Spread(IReadOnlyCollection<double> values) => values.Max() - values.Min();
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Chaos.Checking;
using Chaos.Running;
using Chaos.Schedule;

namespace Chaos.Reports;

/// <summary>A fault as it happened.</summary>
/// <param name="Planned">What was planned.</param>
/// <param name="At">When it was injected, in seconds since the run began.</param>
/// <param name="Lag">How many records were in flight.</param>
/// <param name="Effect">What came of it; null: it does not count.</param>
/// <param name="Recovery">How long until all that was acknowledged before it was durable and checkpointed; null: not within the patience.</param>
/// <param name="Why">Why it does not count, or null.</param>
public sealed record InjectedFault(PlannedFault Planned, double At, long Lag, string? Effect, double? Recovery, string? Why)
{
    public bool Counts => Effect is not null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{At,7:0.0} s  {Planned.Kind,-27} lag {Lag,6}  {(Recovery is null ? "not recovered" : $"recovered in {Recovery:0.0} s"),-20} {Effect ?? $"does not count: {Why}"}");
}

/// <summary>The faults of a kind.</summary>
public sealed record KindSummary(FaultKind Kind, int Injected, int Counted, double? MedianRecovery, double? LongestRecovery);

/// <summary>What a run was, and what was found.</summary>
public sealed record Report
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public required int Seed { get; init; }

    public required DateTimeOffset Began { get; init; }

    public required string Broker { get; init; }

    public required int Silos { get; init; }

    public string? Planted { get; init; }

    public required double Seconds { get; init; }

    public required int Sent { get; init; }

    public required int Acknowledged { get; init; }

    public required int Commands { get; init; }

    public required int CommandsAnswered { get; init; }

    public required int Reads { get; init; }

    /// <summary>Records that became durable, per second of the load, faults included.</summary>
    public required double Goodput { get; init; }

    public required IReadOnlyList<PlannedFault> Schedule { get; init; }

    public required IReadOnlyList<InjectedFault> Faults { get; init; }

    public required IReadOnlyList<KindSummary> Kinds { get; init; }

    public required IReadOnlyDictionary<ViolationClass, int> Classes { get; init; }

    /// <summary>The first of the violations; <see cref="Classes"/> has their numbers.</summary>
    public required IReadOnlyList<Violation> Violations { get; init; }

    internal static Report Of(
        ChaosOptions options, DateTimeOffset began, string broker, IReadOnlyList<PlannedFault> planned, IReadOnlyList<InjectedFault> faults, History history,
        IReadOnlyList<Violation> violations, double seconds, long done) => new()
        {
            Seed = options.Seed,
            Began = began,
            Broker = broker,
            Silos = options.Silos,
            Planted = options.Plant,
            Seconds = Math.Round(seconds, 1),
            Sent = history.Records.Count,
            Acknowledged = history.Records.Count(r => r.Acknowledged is not null),
            Commands = history.Commands.Count,
            CommandsAnswered = history.Commands.Count(c => c.Answer != Answer.None),
            Reads = history.Reads.Count,
            Goodput = Math.Round(done / seconds, 1),
            Schedule = planned,
            Faults = faults,
            Kinds = [.. faults.GroupBy(f => f.Planned.Kind).OrderBy(g => g.Key).Select(g => new KindSummary(g.Key, g.Count(), g.Count(f => f.Counts), Median(g), g.Max(f => f.Recovery)))],
            Classes = violations.GroupBy(v => v.Class).ToDictionary(g => g.Key, g => g.Count()),
            Violations = [.. violations.GroupBy(v => v.Class).SelectMany(g => g.Take(20))],
        };

    /// <summary>Keeps it, as JSON and as text; with violations, or when asked to, all that the checker saw.</summary>
    internal void Save(string folder, Recording recording, bool keep)
    {
        Directory.CreateDirectory(folder);
        var name = Path.Combine(folder, $"{Began:yyyyMMdd-HHmmss}-seed-{Seed.ToString(CultureInfo.InvariantCulture)}{(Planted is null ? "" : "-" + Planted)}");
        File.WriteAllText(name + ".json", JsonSerializer.Serialize(this, Json));
        File.WriteAllText(name + ".txt", ToText());
        if (keep || Violations.Count > 0)
            recording.Save(name + ".recording.json.gz");
    }

    public string ToText()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"Chaos, seed {Seed}, {Silos} silos, {Broker}, {Began:u}{(Planted is null ? "" : $", planted: {Planted}")}");
        text.AppendLine(CultureInfo.InvariantCulture, $"{Sent} records sent, {Acknowledged} acknowledged; {CommandsAnswered} of {Commands} commands answered; {Reads} reads; {Seconds} s; goodput {Goodput} records/s");
        text.AppendLine();
        foreach (var fault in Faults)
            text.AppendLine(fault.ToString());
        text.AppendLine();
        text.AppendLine($"{"fault",-28}{"injected",9}{"counted",9}{"median recovery",17}{"longest",9}");
        foreach (var kind in Kinds)
            text.AppendLine(CultureInfo.InvariantCulture, $"{kind.Kind,-28}{kind.Injected,9}{kind.Counted,9}{kind.MedianRecovery,15:0.0} s{kind.LongestRecovery,7:0.0} s");
        text.AppendLine();
        if (Classes.Count == 0)
            text.AppendLine("0 violations");
        foreach (var (kind, count) in Classes)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{kind}: {count}");
            foreach (var violation in Violations.Where(v => v.Class == kind).Take(5))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"  {violation.What}");
                foreach (var line in violation.Story)
                    text.AppendLine(CultureInfo.InvariantCulture, $"      {line}");
            }
        }

        return text.ToString();
    }

    private static double? Median(IEnumerable<InjectedFault> faults)
    {
        var known = faults.Select(f => f.Recovery).OfType<double>().Order().ToArray();
        return known.Length == 0 ? null : known[known.Length / 2];
    }
}

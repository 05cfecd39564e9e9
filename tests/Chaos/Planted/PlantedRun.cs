using System.Diagnostics;
using System.Globalization;
using AppHost.Postgres;
using Chaos.Checking;
using Chaos.Running;
using Chaos.Schedule;

namespace Chaos.Planted;

/// <summary>Plants one defect after the other; the checker must catch each, and say nothing of the clean runs between them.</summary>
internal static class PlantedRun
{
    private const int CleanEvery = 8;
    private static readonly TimeSpan Load = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan CleanPatience = TimeSpan.FromSeconds(60);

    public static async Task<int> ExecuteAsync(ChaosOptions options, string[] only, Action<string> say, CancellationToken cancellationToken)
    {
        var defects = Defects.All.Where(d => only.Length == 0 || only.Contains(d.Name)).ToArray();
        if (defects.Length < only.Distinct().Count())
            throw new InvalidOperationException($"There is no such defect. There are: {string.Join(", ", Defects.All.Select(d => d.Name))}.");
        Directory.CreateDirectory(options.Data);
        await using var postgres = await PrivatePostgres.StartAsync(Path.Combine(options.Data, "postgres"), cancellationToken: cancellationToken);
        var (caught, soon, clean, dirty) = (0, 0, 0, 0);
        for (var i = 0; i < defects.Length; i++)
        {
            if (i % CleanEvery == 0)
            {
                var faults = new[] { FaultKind.SiloKilled, FaultKind.BackendsTerminated };
                var (found, seconds) = await RunAsync(options, null, faults, postgres, CleanPatience, cancellationToken);
                say($"{"(clean)",-32} {(found.Length == 0 ? "passed" : "FOUND " + found),-60} {seconds.ToString("0.0", CultureInfo.InvariantCulture),6} s");
                clean++;
                dirty += found.Length == 0 ? 0 : 1;
            }

            var defect = defects[i];
            var (classes, time) = await RunAsync(options, defect.Name, defect.Faults, postgres, Patience, cancellationToken);
            say($"{defect.Name,-32} {(classes.Length > 0 ? "caught: " + classes : "NOT CAUGHT"),-60} {time.ToString("0.0", CultureInfo.InvariantCulture),6} s");
            caught += classes.Length > 0 ? 1 : 0;
            soon += classes.Length > 0 && time <= 60 ? 1 : 0;
        }

        say($"{caught} of {defects.Length} caught, {soon} of them within 60 s of the start of the processes; {clean - dirty} of {clean} clean runs passed");
        return caught == defects.Length && dirty == 0 ? 0 : 1;
    }

    private static async Task<(string Classes, double Seconds)> RunAsync(
        ChaosOptions options, string? defect, FaultKind[] faults, PrivatePostgres postgres, TimeSpan patience, CancellationToken cancellationToken)
    {
        var schedule = faults.Select((kind, i) => new PlannedFault(1 + i * 3, kind, 0, 2)).ToArray();
        var clock = Stopwatch.StartNew();
        var report = await ChaosRun.ExecuteAsync(
            options with { Plant = defect, Silos = 1, Length = Load, Schedule = schedule, RealKafka = false }, postgres, patience, audit: true, _ => { }, cancellationToken);
        // A defect that keeps the audit from its end is not caught by that; a clean run must let it end.
        return (string.Join(", ", report.Classes.Where(c => defect is null || c.Key != ViolationClass.AuditUnfinished).Select(c => $"{c.Key} {c.Value}")), clock.Elapsed.TotalSeconds);
    }
}

using AppHost.Processes;
using Shared;

namespace Consume;

/// <summary>What is measured.</summary>
internal sealed record Settings(long Events, int Keys, int Bytes, int Partitions, IReadOnlyList<string> Cases, int HalfSeconds, int Rounds, bool Json);

/// <summary>Rounds of the contenders, in turn, over two filled topics; then each shape at half the rate found.</summary>
internal sealed class Run(Settings settings, Lab lab)
{
    private readonly Report _report = new("consume", settings.Json);
    private int _number;

    public async Task<bool> ExecuteAsync(CancellationToken cancellationToken)
    {
        foreach (var topic in settings.Cases.Select(Topic).Distinct())
            await FillAsync(topic, topic == "zipf", settings.Events, perSecond: null, cancellationToken);

        var laps = settings.Cases.ToDictionary(c => c, _ => new List<(Lap Loop, Lap Silo)>());
        for (var round = 0; round < settings.Rounds; round++)
        {
            foreach (var name in settings.Cases)
            {
                var loop = await LapAsync(await BareLoop.StartAsync(lab, Topic(name), settings.Events), cancellationToken);
                laps[name].Add((loop, await LapAsync(await SiloAsync(name, Topic(name), settings.Events, cancellationToken), cancellationToken)));
            }
        }

        var met = true;
        foreach (var name in settings.Cases)
            met &= Print(name, laps[name]);
        foreach (var name in settings.HalfSeconds > 0 ? settings.Cases.Where(c => Topic(c) == "uniform") : [])
            await HalfAsync(name, (int)(Stats.Median(laps[name].Select(l => l.Silo.PerSecond)) / 2), cancellationToken);
        return met;
    }

    /// <summary>The share of the loop's rate that each shape is to reach: by key there is a call to a grain for a key's pending records, by partition one for a chunk.</summary>
    private static double Target(string name) => Shape(name) == "key" ? 0.4 : 0.9;

    private static string Shape(string name) => name.Split('-')[0];

    private static string Topic(string name) => name.EndsWith("-zipf", StringComparison.Ordinal) ? "zipf" : "uniform";

    private async Task FillAsync(string topic, bool zipf, long events, int? perSecond, CancellationToken cancellationToken)
    {
        if (perSecond is null)
            await lab.Kafka.CreateTopicAsync(topic, settings.Partitions, cancellationToken);
        await Task.Run(
            () => Fill.Bytes(lab.Kafka.BootstrapServers, topic, events, Keys.Of(settings.Keys, zipf), settings.Bytes, seed: 42, perSecond), cancellationToken);
    }

    private async Task<OwnedProcess> SiloAsync(string name, string topic, long events, CancellationToken cancellationToken) => await ProviderSilo.StartAsync(
        lab, topic, await lab.Postgres.CreateDatabaseAsync($"consume{++_number}", cancellationToken: cancellationToken), events, Shape(name));

    private async Task HalfAsync(string name, int perSecond, CancellationToken cancellationToken)
    {
        var events = (long)perSecond * settings.HalfSeconds;
        var loop = await AtRateAsync(topic => BareLoop.StartAsync(lab, topic, events));
        var silo = await AtRateAsync(topic => SiloAsync(name, topic, events, cancellationToken));
        var at = $"{name}, {perSecond}/s, half load";
        _report.Add(new Row($"{at}: p50", silo.P50, "ms").Beside("loop", [silo.P50 / Math.Max(1, loop.P50)]));
        _report.Add(new Row($"{at}: p99", silo.P99, "ms").Beside("loop", [silo.P99 / Math.Max(1, loop.P99)]));
        _report.Add(new Row($"{at}: silo", silo.Seconds / events * 1e6, "core-s per million").Beside("loop", [silo.Seconds / loop.Seconds]));

        async Task<Lap> AtRateAsync(Func<string, Task<OwnedProcess>> start)
        {
            var topic = $"half-{++_number}";
            await lab.Kafka.CreateTopicAsync(topic, settings.Partitions, cancellationToken);
            var process = await start(topic);
            await process.UntilReadyAsync(cancellationToken);
            await FillAsync(topic, zipf: false, events, perSecond, cancellationToken);
            return await LapAsync(process, cancellationToken);
        }
    }

    private static async Task<Lap> LapAsync(OwnedProcess process, CancellationToken cancellationToken)
    {
        await using (process)
        {
            await process.WaitForExitAsync(cancellationToken);
            return new(process.Number("rate "), process.Number("used "), process.Number("p50 "), process.Number("p99 "));
        }
    }

    private bool Print(string name, List<(Lap Loop, Lap Silo)> laps)
    {
        _report.Add(new($"loop beside {name}", Stats.Median(laps.Select(l => l.Loop.PerSecond)), "records/s"));
        var row = new Row(name, Stats.Median(laps.Select(l => l.Silo.PerSecond)), "records/s") { Target = Target(name) }
            .Beside("loop", laps.Select(l => l.Silo.PerSecond / l.Loop.PerSecond));
        _report.Add(row);
        _report.Add(new Row($"{name}: silo", Stats.Median(laps.Select(l => l.Silo.Seconds / settings.Events * 1e6)), "core-s per million")
            .Beside("loop", laps.Select(l => l.Silo.Seconds / l.Loop.Seconds)));
        return row.Met == true;
    }

    private sealed record Lap(double PerSecond, double Seconds, double P50, double P99);
}

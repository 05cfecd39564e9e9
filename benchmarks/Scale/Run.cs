using Shared;

namespace Scale;

/// <summary>What is measured.</summary>
internal sealed record Settings(long Events, int[] Partitions, int[] Keys, int[] Silos, int Rounds, bool Json);

/// <summary>A point of a sweep.</summary>
internal sealed record Point(string Name, int Partitions, int Keys, int Silos)
{
    public string Topic => $"users-{Keys}-on-{Partitions}";
}

/// <summary>Three sweeps, in rounds.</summary>
internal sealed class Run(Settings settings, Lab lab)
{
    private const int Partitions = 4;
    private const int Users = 10_000;
    private const double Warmup = 0.25;

    private Point[][] Sweeps =>
    [
        [.. settings.Partitions.Select(p => new Point($"{p} partitions", p, Users, 1))],
        [.. settings.Keys.Select(k => new Point($"{k} users", Partitions, k, 1))],
        [.. settings.Silos.Select(s => new Point($"{s} silos", Partitions, Users, s))],
    ];

    public async Task<bool> ExecuteAsync(CancellationToken cancellationToken)
    {
        foreach (var point in Sweeps.SelectMany(s => s).DistinctBy(p => p.Topic))
        {
            await lab.Kafka.CreateTopicAsync(point.Topic, point.Partitions, cancellationToken);
            await Task.Run(() => Fill.UserEvents(lab.Kafka.BootstrapServers, point.Topic, EventsOf(point), UsersOf(point), perSecond: 10_000, seed: 42), cancellationToken);
        }

        var laps = Sweeps.SelectMany(s => s).ToDictionary(p => p, _ => new List<IngestLap>());
        for (var round = 0; round < settings.Rounds; round++)
        {
            foreach (var (point, measured) in laps)
                measured.Add(await IngestLap.RunAsync(lab, point.Topic, EventsOf(point), point.Silos, warmup: Warmup, cancellationToken: cancellationToken));
        }

        var report = new Report("scale", settings.Json);
        var met = true;
        foreach (var sweep in Sweeps.Select(points => points.Select(p => (Point: p, Laps: laps[p])).ToArray()))
        {
            for (var i = 0; i < sweep.Length; i++)
            {
                var (point, measured) = sweep[i];
                var row = new Row(point.Name, Stats.Median(measured.Select(l => l.PerSecond)), "events/s");
                if (i > 0)
                    row = (row with { Target = 0.5 }).Beside(sweep[i - 1].Point.Name, measured.Zip(sweep[i - 1].Laps, (lap, before) => lap.PerSecond / before.PerSecond));
                report.Add(row);
                report.Add(new($"{point.Name}: silos", Stats.Median(measured.Select(l => l.SiloSeconds)) / Counted(point) * 1e6, "core-s per million"));
                report.Add(new($"{point.Name}: Postgres", Stats.Median(measured.Select(l => l.StoreSeconds)) / Counted(point) * 1e6, "core-s per million"));
                met &= row.Met ?? true;
            }
        }

        return met;
    }

    /// <summary>Every user is seen at least once.</summary>
    private long EventsOf(Point point) => Math.Max(settings.Events, point.Keys);

    private double Counted(Point point) => EventsOf(point) * (1 - Warmup);

    /// <summary>Where a user has but a few records, in turn: by chance many would have none.</summary>
    private Keys UsersOf(Point point) => point.Keys * 5L > settings.Events ? Keys.InTurn(point.Keys) : Keys.Of(point.Keys, zipf: false);
}

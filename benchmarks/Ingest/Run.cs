using Shared;

namespace Ingest;

/// <summary>What is measured.</summary>
internal sealed record Settings(long Events, int Users, int PerSecond, int Partitions, bool Zipf, bool Shop, bool Wolverine, int Rounds, bool Json);

/// <summary>Rounds of the contenders, in turn, over one filled topic.</summary>
internal sealed class Run(Settings settings, Lab lab)
{
    private const string Topic = "user-events";

    public async Task<bool> ExecuteAsync(CancellationToken cancellationToken)
    {
        await lab.Kafka.CreateTopicAsync(Topic, settings.Partitions, cancellationToken);
        await Task.Run(
            () => Fill.UserEvents(lab.Kafka.BootstrapServers, Topic, settings.Events, Keys.Of(settings.Users, settings.Zipf), settings.PerSecond, seed: 42), cancellationToken);
        var (loops, laps, batches, singles) = (new List<double>(), new List<IngestLap>(), new List<WolverineLap>(), new List<WolverineLap>());
        for (var round = 0; round < settings.Rounds; round++)
        {
            loops.Add((await BareLoop.RunAsync(lab, Topic, settings.Events, cancellationToken)).PerSecond);
            laps.Add(await IngestLap.RunAsync(lab, Topic, settings.Events, shop: settings.Shop, cancellationToken: cancellationToken));
            if (!settings.Wolverine)
                continue;
            batches.Add(await WolverineLap.RunAsync(lab, Topic, settings.Events, oneByOne: false, cancellationToken));
            singles.Add(await WolverineLap.RunAsync(lab, Topic, settings.Events, oneByOne: true, cancellationToken));
        }

        var report = new Report("ingest", settings.Json);
        Print(report, loops, laps);
        return !settings.Wolverine || (Compare(report, laps, "wolverine", batches, 2.5) & Compare(report, laps, "wolverine-one-by-one", singles, 8));
    }

    private static bool Compare(Report report, List<IngestLap> laps, string name, List<WolverineLap> theirs, double target)
    {
        report.Add(new(name, Stats.Median(theirs.Select(l => l.PerSecond)), "events/s"));
        report.Add(new($"{name}: its process", Stats.Median(theirs.Select(l => l.PeerSeconds * 1e6)), "core-s per million"));
        report.Add(new($"{name}: Postgres", Stats.Median(theirs.Select(l => l.StoreSeconds * 1e6)), "core-s per million"));
        var row = new Row("users", Stats.Median(laps.Select(l => l.PerSecond)), "events/s") { Target = target }
            .Beside(name, laps.Zip(theirs, (lap, their) => lap.PerSecond / their.PerSecond));
        report.Add(row);
        return row.Met == true;
    }

    private void Print(Report report, List<double> loops, List<IngestLap> laps)
    {
        var name = $"{(settings.Shop ? "the whole shop" : "users")}, {settings.Users} {(settings.Zipf ? "Zipf" : "uniform")}, {settings.Partitions} partitions";
        report.Add(new("consume and decode", Stats.Median(loops), "events/s"));
        report.Add(new Row(name, Stats.Median(laps.Select(l => l.PerSecond)), "events/s").Beside("loop", laps.Zip(loops, (lap, loop) => lap.PerSecond / loop)));
        report.Add(new("silo", Stats.Median(laps.Select(l => l.SiloSeconds / settings.Events * 1e6)), "core-s per million"));
        report.Add(new("Postgres", Stats.Median(laps.Select(l => l.StoreSeconds / settings.Events * 1e6)), "core-s per million"));
        report.Add(new("broker", Stats.Median(laps.Select(l => l.BrokerSeconds / settings.Events * 1e6)), "core-s per million"));
        report.Add(new("allocated", Stats.Median(laps.Select(l => l.Allocated / settings.Events)), "bytes per event"));
        report.Add(new("committed events", laps[^1].Committed, "events"));
    }
}

using Shared;

namespace Ingest;

/// <summary>What is measured.</summary>
internal sealed record Settings(long Events, int Users, int PerSecond, int Partitions, bool Zipf, bool Shop, int Rounds, bool Json);

/// <summary>Rounds of the contenders, in turn, over one filled topic.</summary>
internal sealed class Run(Settings settings, Lab lab)
{
    private const string Topic = "user-events";

    public async Task<bool> ExecuteAsync(CancellationToken cancellationToken)
    {
        await lab.Kafka.CreateTopicAsync(Topic, settings.Partitions, cancellationToken);
        await Task.Run(
            () => Fill.UserEvents(lab.Kafka.BootstrapServers, Topic, settings.Events, Keys.Of(settings.Users, settings.Zipf), settings.PerSecond, seed: 42), cancellationToken);
        var (loops, laps) = (new List<double>(), new List<IngestLap>());
        for (var round = 0; round < settings.Rounds; round++)
        {
            loops.Add((await BareLoop.RunAsync(lab, Topic, settings.Events, cancellationToken)).PerSecond);
            laps.Add(await IngestLap.RunAsync(lab, Topic, settings.Events, shop: settings.Shop, cancellationToken: cancellationToken));
        }

        Print(loops, laps);
        return true;
    }

    private void Print(List<double> loops, List<IngestLap> laps)
    {
        var report = new Report("ingest", settings.Json);
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

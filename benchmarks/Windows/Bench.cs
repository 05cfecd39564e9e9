using System.Globalization;
using Shared;

namespace Windows;

/// <summary>A run, from an empty broker to the table.</summary>
internal static class Bench
{
    public static async Task<bool> RunAsync(Settings settings, Lab lab, CancellationToken cancellationToken)
    {
        if (settings.LiveRate is { } rate)
            return await new Live(settings, rate, TimeSpan.FromSeconds(settings.LiveSeconds), settings.LiveHttp).RunAsync(lab, cancellationToken);
        if (settings.RecoveryKeys is { } keys)
            return await new Recovery(settings, keys).RunAsync(lab, cancellationToken);
        var contest = new Contest(lab.Kafka.BootstrapServers, "user-events", settings.Events);
        await lab.Kafka.CreateTopicAsync(contest.Topic, settings.Partitions, cancellationToken);
        var filling = System.Diagnostics.Stopwatch.StartNew();
        await Task.Run(() => Fill.UserEvents(contest.Bootstrap, contest.Topic, contest.Events, Keys.Of(settings.Users, zipf: false), settings.PerSecond, seed: 42), cancellationToken);
        Say($"{settings.Events:#,0} events of {settings.Users:#,0} users on {settings.Partitions} partitions, {settings.PerSecond:#,0} to a second of event time (filled in {filling.Elapsed.TotalSeconds:0} s)");
        var laps = new List<Lap>();
        foreach (var (name, run) in Enumerable.Repeat(Contenders(settings, new(settings, lab, contest), contest), settings.Rounds).SelectMany(c => c))
        {
            if (settings.Only.Count > 0 && !settings.Only.Contains(name))
                continue;
            var lap = await run(cancellationToken);
            Print(lap, settings.Events);
            laps.Add(lap);
        }

        return Compare(laps);
    }

    private static IEnumerable<(string Name, Func<CancellationToken, Task<Lap>> Run)> Contenders(Settings settings, Race race, Contest contest)
    {
        yield return ("raw", race.RawAsync);
        yield return ("ours", settings.Ten ? race.OursTenAsync : race.OursAsync);
        if (settings.Peers is null)
            yield break;
        if (settings.Ten)
        {
            yield return ("sql", race.SqlAsync);
            yield break;
        }

        yield return ("flink", c => race.PeerAsync("Flink", o => ["flink", contest.Bootstrap, contest.Topic, o, "hashmap", "2", "true"], c));
        yield return ("streams", c => race.PeerAsync(
            "Kafka Streams", o => ["streams", contest.Bootstrap, contest.Topic, o, contest.Events.ToString(CultureInfo.InvariantCulture), "memory", "2"], c));
    }

    private static void Print(Lap lap, long events)
    {
        var millions = events / 1e6;
        var store = lap.StoreSeconds > 0 ? $" + {lap.StoreSeconds / millions:0.00} in Postgres" : "";
        var allocated = lap.Allocated is { } bytes ? $", {bytes / millions / 1e6:#,0} MB allocated" : "";
        Say($"{lap.Name,-20} {lap.EventsPerSecond,10:#,0} events/s; per million events: {lap.Seconds / millions:0.00} s of a core{store}{allocated}");
    }

    /// <summary>The best laps' ratios, and whether contenders saw the same where both saw a window.</summary>
    private static bool Compare(List<Lap> laps)
    {
        var best = laps.GroupBy(l => l.Name).Select(g => g.MaxBy(l => l.EventsPerSecond)!).ToList();
        if (best.Find(l => l.Name == "ours") is not { } ours)
            return true;
        var isEqual = true;
        foreach (var other in best.Where(l => l != ours))
        {
            var different = other.Results.Count(r => ours.Results.TryGetValue(r.Key, out var mine) && mine != r.Value);
            var shared = other.Results.Count(r => ours.Results.ContainsKey(r.Key));
            isEqual &= different == 0;
            Say($"ours / {other.Name}: {ours.EventsPerSecond / other.EventsPerSecond:0.00}" + (other.Results.Count > 0 ? $"; {shared:#,0} windows that both wrote, {different:#,0} of them different" : ""));
        }

        foreach (var lap in laps.Where(l => l.Repeated > 0))
            Say($"{lap.Name} wrote {lap.Repeated:#,0} windows more than once");
        return isEqual && ours.Repeated == 0;
    }

    public static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static void Say(string line) => Console.WriteLine(line);
}

using AppHost.Processes;
using Npgsql;
using Shared;

namespace Memory;

/// <summary>What is measured.</summary>
internal sealed record Settings(IReadOnlyList<string> Cases, int Seen, int Active, int Rate, long Backlog, int Rounds, bool Json);

/// <summary>Silos in fresh processes on fresh databases, in turn.</summary>
internal sealed class Run(Settings settings, Lab lab)
{
    private const double Limit = 1.5;
    private const double Megabyte = 1024 * 1024;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(15);
    private readonly Report _report = new("memory", settings.Json);
    private int _number;

    public async Task<bool> ExecuteAsync(CancellationToken cancellationToken)
    {
        var (few, many, still) = (new List<Seen>(), new List<Seen>(), new List<(Sample Before, Sample During)>());
        for (var round = 0; round < settings.Rounds; round++)
        {
            if (settings.Cases.Contains("seen"))
            {
                few.Add(await SeenAsync(settings.Active, cancellationToken));
                many.Add(await SeenAsync(settings.Seen, cancellationToken));
            }

            if (settings.Cases.Contains("standstill"))
                still.Add(await StandstillAsync(cancellationToken));
        }

        return (many.Count == 0 || Print(few, many)) & (still.Count == 0 || Print("a user stands still", [.. still.Select(s => s.During)], "before", [.. still.Select(s => s.Before)]));
    }

    private bool Print(List<Seen> few, List<Seen> many)
    {
        var met = Print($"{settings.Seen} seen, {settings.Active} active", [.. many.Select(s => s.Then)], $"{settings.Active} seen", [.. few.Select(s => s.Then)]);
        _report.Add(new("most, while those seen were active", Stats.Median(many.Select(s => s.Most.Resident)) / Megabyte, "MB resident"));
        _report.Add(new("most: active users", Stats.Median(many.Select(s => s.Most.Users)), "grains"));
        _report.Add(new Row("after a full collection", Stats.Median(many.Select(s => s.Collected.Resident)) / Megabyte, "MB resident")
            .Beside($"{settings.Active} seen", many.Zip(few, (m, f) => m.Collected.Resident / f.Collected.Resident)));
        _report.Add(new("after a full collection: heap", Stats.Median(many.Select(s => s.Collected.Heap)) / Megabyte, "MB"));
        _report.Add(new("a user is forgotten after", Vitals.Idle.TotalSeconds, "s without events"));
        return met;
    }

    private bool Print(string name, Sample[] samples, string otherName, Sample[] others)
    {
        Details(otherName, others);
        Details(name, samples);
        var row = new Row(name, Stats.Median(samples.Select(s => s.Resident)) / Megabyte, "MB resident") { Target = Limit, AtMost = true }
            .Beside(otherName, samples.Zip(others, (sample, other) => sample.Resident / other.Resident));
        _report.Add(row);
        return row.Met == true;
    }

    /// <summary>What bounds it: active users and what they hold, records under way, and the nursery that the collector has taken.</summary>
    private void Details(string name, Sample[] samples)
    {
        _report.Add(new($"{name}: resident", Stats.Median(samples.Select(s => s.Resident)) / Megabyte, "MB"));
        _report.Add(new($"{name}: taken by the collector", Stats.Median(samples.Select(s => s.Committed)) / Megabyte, "MB"));
        _report.Add(new($"{name}: heap after a collection", Stats.Median(samples.Select(s => s.Heap)) / Megabyte, "MB"));
        _report.Add(new($"{name}: active users", Stats.Median(samples.Select(s => s.Users)), "grains"));
        _report.Add(new($"{name}: unacknowledged", Stats.Median(samples.Select(s => s.Outstanding)), "records"));
    }

    /// <summary>A silo that has seen users, in as many records for any number of them, while the active ones go on.</summary>
    private async Task<Seen> SeenAsync(int users, CancellationToken cancellationToken)
    {
        var (topic, records) = (await TopicAsync(settings.Seen, Keys.InTurn(users), cancellationToken), (long)settings.Seen);
        var database = await lab.Postgres.CreateDatabaseAsync(topic, cancellationToken: cancellationToken);
        await using var silo = await IngestSilo.StartAsync(lab, topic, database, shop: false);
        await using var source = NpgsqlDataSource.Create(database);
        Sample? most = null;
        await UntilAsync(async () => (await IngestLap.ProgressAsync(source, topic, cancellationToken)).Taken >= records);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var load = Task.Run(
            () => Fill.UserEvents(lab.Kafka.BootstrapServers, topic, long.MaxValue, Keys.InTurn(settings.Active), 10_000, seed: 7, settings.Rate, ending.Token), cancellationToken);

        // All of the active ones have been called again, and nobody else is left.
        var since = DateTimeOffset.UtcNow;
        await UntilAsync(() => Task.FromResult(DateTimeOffset.UtcNow - since > Vitals.Idle && Sample.Of(silo) is { } s && s.Users <= settings.Active * 1.01));
        var samples = await SampleAsync(silo, Window, cancellationToken);
        silo.Signal(PosixSignalNumber.Cont);
        var collected = await SampleAsync(silo, TimeSpan.FromSeconds(4), cancellationToken);
        await ending.CancelAsync();
        await load;
        return new(most!, Middle(samples), collected[^1]);

        async Task UntilAsync(Func<Task<bool>> condition)
        {
            while (!await condition())
            {
                if (silo.HasExited)
                    throw silo.Broken();
                if (Sample.Of(silo) is { } now && now.Resident > (most?.Resident ?? 0))
                    most = now;
                await Task.Delay(500, cancellationToken);
            }
        }
    }

    /// <summary>The most before a user stands still, and the most while it does, under all the load that the silo can take.</summary>
    private async Task<(Sample Before, Sample During)> StandstillAsync(CancellationToken cancellationToken)
    {
        var topic = await TopicAsync(settings.Backlog, Keys.Of(settings.Active, zipf: false), cancellationToken);
        var database = await lab.Postgres.CreateDatabaseAsync(topic, cancellationToken: cancellationToken);
        await using var silo = await IngestSilo.StartAsync(lab, topic, database, shop: false, Standstill.Command);
        await using var source = NpgsqlDataSource.Create(database);
        var (before, during) = (new List<Sample>(), new List<Sample>());
        while (!Said("goes on"))
        {
            (Said("stands still") ? during : before).AddRange(await SampleAsync(silo, TimeSpan.FromSeconds(1), cancellationToken));
            if (silo.HasExited)
                throw silo.Broken();
        }

        if ((await IngestLap.ProgressAsync(source, topic, cancellationToken)).Stored > settings.Backlog * 0.95)
            throw new InvalidOperationException("The load ended before the standstill did: ask for a larger --backlog.");
        return (before.MaxBy(s => s.Resident)!, during.MaxBy(s => s.Resident)!);

        bool Said(string words) => File.Exists(silo.LogFile) && File.ReadLines(silo.LogFile).Contains(words);
    }

    private static async Task<List<Sample>> SampleAsync(OwnedProcess silo, TimeSpan length, CancellationToken cancellationToken)
    {
        var samples = new List<Sample>();
        for (var left = length; left > TimeSpan.Zero; left -= TimeSpan.FromMilliseconds(500))
        {
            await Task.Delay(500, cancellationToken);
            if (Sample.Of(silo) is { } sample)
                samples.Add(sample);
        }

        return samples;
    }

    private static Sample Middle(List<Sample> samples) => samples.OrderBy(s => s.Resident).ElementAt(samples.Count / 2);

    private async Task<string> TopicAsync(long records, Keys users, CancellationToken cancellationToken)
    {
        var topic = $"memory-{++_number}";
        await lab.Kafka.CreateTopicAsync(topic, 4, cancellationToken);
        await Task.Run(() => Fill.UserEvents(lab.Kafka.BootstrapServers, topic, records, users, perSecond: 10_000, seed: 42), cancellationToken);
        return topic;
    }

    /// <summary>A silo's memory at its most, in the end, and after a full collection, which nothing but the benchmark asks for.</summary>
    private sealed record Seen(Sample Most, Sample Then, Sample Collected);
}

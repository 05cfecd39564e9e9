using System.Globalization;
using AppHost.Processes;
using Npgsql;
using Shared;

namespace Windows;

/// <summary>One contender after the other, each in fresh processes, on a broker, a database and a topic that are made for the run.</summary>
internal sealed class Race(Settings settings, Lab lab, Contest contest)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);
    private int _number;

    /// <summary>The bare loop's events per second.</summary>
    public async Task<Lap> RawAsync(CancellationToken cancellationToken)
    {
        var (perSecond, seconds) = await BareLoop.RunAsync(lab, contest.Topic, contest.Events, cancellationToken);
        return new("consume and decode", perSecond, seconds, 0, Lap.NoResults);
    }

    /// <summary>Our jobs with their results in a topic.</summary>
    public async Task<Lap> OursAsync(CancellationToken cancellationToken)
    {
        var (output, database) = (await OutputAsync(), await lab.Postgres.CreateDatabaseAsync($"ours{_number}", cancellationToken: cancellationToken));
        await using var process = await StartAsync("--output", output, "--postgres", database);
        var (tree, store) = (new ProcessTree(process.Pid), new ProcessTree(lab.Postgres.Pid!.Value));
        store.Look();
        var before = store.Seconds;
        var lap = await WatchAsync("ours", output, process, tree, cancellationToken);
        store.Look();
        return lap with { StoreSeconds = store.Seconds - before, Allocated = await AllocatedAsync(process, cancellationToken) };
    }

    /// <summary>Our ten jobs, with their results in their table: the time from the first record taken to all of them.</summary>
    public async Task<Lap> OursTenAsync(CancellationToken cancellationToken)
    {
        var database = await lab.Postgres.CreateDatabaseAsync($"ours{++_number}", cancellationToken: cancellationToken);
        foreach (var topic in new[] { "event-counts", "user-activity", "revenue-metrics" })
            await lab.Kafka.CreateTopicAsync($"ten-{_number}-{topic}", 4, cancellationToken);
        await using var process = await StartAsync("--ten", "--output", $"ten-{_number}", "--postgres", database);
        var (tree, store) = (new ProcessTree(process.Pid), new ProcessTree(lab.Postgres.Pid!.Value));
        store.Look();
        var before = store.Seconds;
        var (clock, first, taken, firstTaken) = (System.Diagnostics.Stopwatch.StartNew(), TimeSpan.Zero, 0L, 0L);
        await using var source = NpgsqlDataSource.Create(database);
        await Until(async () =>
        {
            taken = process.HasExited ? throw process.Broken() : await TakenAsync(source, cancellationToken);
            if (taken > 0 && first == default)
                (first, firstTaken) = (clock.Elapsed, taken);
            return taken >= contest.Events;
        }, tree, cancellationToken);
        store.Look();
        return new("ours", (contest.Events - firstTaken) / (clock.Elapsed - first).TotalSeconds, tree.Seconds, store.Seconds - before, Lap.NoResults)
        {
            Allocated = await AllocatedAsync(process, cancellationToken),
        };
    }

    /// <summary>A peer that writes results to a topic.</summary>
    public async Task<Lap> PeerAsync(string name, Func<string, string[]> arguments, CancellationToken cancellationToken)
    {
        var output = await OutputAsync();
        await using var process = await Contender.StartProgramAsync(name, lab.Folder, [Path.Combine(settings.Peers!, "peer"), .. arguments(output)]);
        return await WatchAsync(name, output, process, new(process.Pid), cancellationToken);
    }

    /// <summary>Flink SQL with all ten queries, as it times itself from its first record on.</summary>
    public async Task<Lap> SqlAsync(CancellationToken cancellationToken)
    {
        var output = Directory.CreateDirectory(Path.Combine(lab.Folder, $"sql{++_number}")).FullName;
        await using var process = await Contender.StartProgramAsync("flink sql", lab.Folder, [Path.Combine(settings.Peers!, "peer"), "sql", contest.Bootstrap, contest.Topic, output, "--together"]);
        var tree = new ProcessTree(process.Pid);
        await Until(() => Task.FromResult(process.HasExited), tree, cancellationToken);
        return new("Flink SQL", process.Number("\"per_second\":"), tree.Seconds, 0, Lap.NoResults);
    }

    private async Task<Lap> WatchAsync(string name, string output, OwnedProcess process, ProcessTree tree, CancellationToken cancellationToken)
    {
        var reading = new OutputWatch(contest.Bootstrap, output, Quiet, Patience).ReadAsync(() => process.HasExited, cancellationToken);
        await Until(() => Task.FromResult(reading.IsCompleted), tree, cancellationToken);
        var seen = await reading;
        if (seen.Results.Count == 0)
            throw process.Broken();
        return new(name, seen.EventsPerSecond, tree.Seconds, 0, seen.Results) { Repeated = seen.Repeated };
    }

    private static async Task Until(Func<Task<bool>> isOver, ProcessTree tree, CancellationToken cancellationToken)
    {
        while (!await isOver())
        {
            tree.Look();
            await Task.Delay(200, cancellationToken);
        }
    }

    private static async Task<long> TakenAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        try
        {
            // The job that is furthest behind counts.
            await using var command = source.CreateCommand(
                "select coalesce(min(taken), 0) from (select sum(next_offset)::bigint as taken from streaming.job_positions group by job) as jobs");
            return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            return 0;
        }
    }

    /// <summary>Stops ours, which says on the way what it has allocated.</summary>
    private static async Task<double> AllocatedAsync(OwnedProcess process, CancellationToken cancellationToken)
    {
        await process.StopAsync(TimeSpan.FromSeconds(30)).WaitAsync(cancellationToken);
        return process.Number("allocated ");
    }

    private async Task<string> OutputAsync()
    {
        var topic = $"totals-{++_number}";
        await lab.Kafka.CreateTopicAsync(topic, 4);
        return topic;
    }

    private Task<OwnedProcess> StartAsync(params string[] arguments) => Contender.StartAsync(
        "ours", lab.Folder,
        [
            "run-ours", "--bootstrap", contest.Bootstrap, "--topic", contest.Topic, "--events", contest.Events.ToString(CultureInfo.InvariantCulture), .. arguments,
        ]);
}

/// <summary>What a contender did.</summary>
/// <param name="Name">Who.</param>
/// <param name="EventsPerSecond">How fast.</param>
/// <param name="Seconds">Processor time of its processes, starting up included.</param>
/// <param name="StoreSeconds">Processor time of the database meanwhile.</param>
/// <param name="Results">What a reader of its topic saw.</param>
internal sealed record Lap(string Name, double EventsPerSecond, double Seconds, double StoreSeconds, IReadOnlyDictionary<string, (long Count, long Cents)> Results)
{
    public static readonly IReadOnlyDictionary<string, (long Count, long Cents)> NoResults = new Dictionary<string, (long Count, long Cents)>();

    /// <summary>Windows that the reader saw more than once.</summary>
    public long Repeated { get; init; }

    /// <summary>Bytes that were allocated; null for those who don't say.</summary>
    public double? Allocated { get; init; }
}

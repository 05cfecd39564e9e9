using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using AppHost.Kafka;
using AppHost.Postgres;
using AppHost.Processes;
using Npgsql;
using Shared;

namespace Ingest;

/// <summary>What is measured.</summary>
internal sealed record Settings(long Events, int Users, int PerSecond, int Partitions, bool Zipf, bool Shop, int Rounds, bool Json, string? Folder);

/// <summary>Rounds of the contenders, in turn, over one filled topic.</summary>
internal sealed class Run(Settings settings, string folder, PrivateKafka kafka, PrivatePostgres postgres)
{
    public const string Topic = "user-events";
    private int _number;

    public static async Task<int> ExecuteAsync(Settings settings, CancellationToken cancellationToken)
    {
        if (PrivateKafka.Home() is not { } home)
        {
            await Console.Error.WriteLineAsync("This benchmark needs Apache Kafka: set KAFKA_HOME to a distribution, and have Java on the PATH.");
            return 2;
        }

        var temporary = settings.Folder is null ? Directory.CreateTempSubdirectory("ingest") : null;
        var folder = settings.Folder ?? temporary!.FullName;
        try
        {
            await using var kafka = await PrivateKafka.StartAsync(home, Path.Combine(folder, "kafka"), cancellationToken: cancellationToken);
            await using var postgres = await PrivatePostgres.StartAsync(Path.Combine(folder, "postgres"), cancellationToken: cancellationToken);
            await kafka.CreateTopicAsync(Topic, settings.Partitions, cancellationToken);
            await Task.Run(() => Fill.Run(kafka.BootstrapServers, Topic, settings.Events, settings.Users, settings.PerSecond, seed: 42, settings.Zipf), cancellationToken);
            return await new Run(settings, folder, kafka, postgres).RoundsAsync(cancellationToken) ? 0 : 1;
        }
        finally
        {
            temporary?.Delete(recursive: true);
        }
    }

    private async Task<bool> RoundsAsync(CancellationToken cancellationToken)
    {
        var report = new Report("ingest", settings.Json);
        var (raws, laps) = (new List<double>(), new List<Lap>());
        for (var round = 0; round < settings.Rounds; round++)
        {
            raws.Add(await RawAsync(cancellationToken));
            laps.Add(await OursAsync(cancellationToken));
        }

        var ratios = laps.Zip(raws, (lap, raw) => lap.PerSecond / raw).ToArray();
        var name = $"{(settings.Shop ? "the whole shop" : "users")}, {settings.Users} {(settings.Zipf ? "Zipf" : "uniform")}, {settings.Partitions} partitions";
        report.Add(new("consume and decode", Stats.Median(raws), "events/s"));
        report.Add(new(name, Stats.Median(laps.Select(l => l.PerSecond)), "events/s") { Against = "loop", Ratio = Stats.Median(ratios), Spread = Stats.Spread(ratios) });
        report.Add(new("silo", Stats.Median(laps.Select(l => l.OwnSeconds / settings.Events * 1e6)), "core-s per million"));
        report.Add(new("Postgres", Stats.Median(laps.Select(l => l.StoreSeconds / settings.Events * 1e6)), "core-s per million"));
        report.Add(new("broker", Stats.Median(laps.Select(l => l.BrokerSeconds / settings.Events * 1e6)), "core-s per million"));
        report.Add(new("allocated", Stats.Median(laps.Select(l => l.Allocated / settings.Events)), "bytes per event"));
        report.Add(new("committed events", laps[^1].Committed, "events"));
        return true;
    }

    private async Task<double> RawAsync(CancellationToken cancellationToken)
    {
        _number++;
        await using var process = await StartAsync("raw", "run-raw", "--events", settings.Events.ToString(CultureInfo.InvariantCulture));
        await process.WaitForExitAsync(cancellationToken);
        return Number(process, "rate ");
    }

    private async Task<Lap> OursAsync(CancellationToken cancellationToken)
    {
        var database = await postgres.CreateDatabaseAsync($"ours{++_number}", cancellationToken: cancellationToken);
        await using var process = await StartAsync("ours", ["run-ours", "--postgres", database, .. settings.Shop ? new[] { "--shop" } : []]);
        var (own, store, broker) = (new ProcessTree(process.Pid), new ProcessTree(postgres.Pid!.Value), new ProcessTree(kafka.Pid!.Value));
        await using var source = NpgsqlDataSource.Create(database);
        TimeSpan first = default;
        var firstTaken = 0L;
        var (clock, atFirst) = (Stopwatch.StartNew(), (Own: 0.0, Store: 0.0, Broker: 0.0));
        while (true)
        {
            if (process.HasExited)
                throw Broken(process);
            Array.ForEach([own, store, broker], tree => tree.Look());
            var taken = await TakenAsync(source, cancellationToken);
            if (first == default && taken is not null)
                (first, firstTaken, atFirst) = (clock.Elapsed, taken.Value, (own.Seconds, store.Seconds, broker.Seconds));
            if (taken >= settings.Events)
                break;
            await Task.Delay(100, cancellationToken);
        }

        var elapsed = clock.Elapsed - first;
        await using var count = source.CreateCommand("select count(*) from streaming.mt_events");
        var committed = (long)(await count.ExecuteScalarAsync(cancellationToken))!;
        await process.StopAsync(TimeSpan.FromSeconds(30)).WaitAsync(cancellationToken);
        return new(
            (settings.Events - firstTaken) / elapsed.TotalSeconds, own.Seconds - atFirst.Own, store.Seconds - atFirst.Store, broker.Seconds - atFirst.Broker,
            Number(process, "allocated "), committed);
    }

    /// <summary>How many records have had their effect, by the streams' own positions; null while there is none.</summary>
    private static async Task<long?> TakenAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        try
        {
            await using var any = source.CreateCommand("select is_called from streaming.mt_events_sequence");
            if (!(bool)(await any.ExecuteScalarAsync(cancellationToken))!)
                return null;
            await using var command = source.CreateCommand("select coalesce(sum(next_offset), 0)::bigint from streaming.checkpoints where topic = 'user-events'");
            return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            return null;
        }
    }

    private Task<OwnedProcess> StartAsync(string name, params string[] arguments) => OwnedProcess.StartAsync(
        name, ["dotnet", Path.Combine(AppContext.BaseDirectory, "Ingest.dll"), .. arguments, "--bootstrap", kafka.BootstrapServers],
        Path.Combine(folder, $"{name}-{_number}.log"));

    private static double Number(OwnedProcess process, string after)
    {
        var match = Regex.Match(File.ReadAllText(process.LogFile), $"{Regex.Escape(after)}([0-9.]+)");
        return match.Success ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : throw Broken(process);
    }

    private static InvalidOperationException Broken(OwnedProcess process) =>
        new($"{process.Name} gave no result. Its last words:{Environment.NewLine}{process.LogTail()}");

    private sealed record Lap(double PerSecond, double OwnSeconds, double StoreSeconds, double BrokerSeconds, double Allocated, long Committed);
}

using System.Diagnostics;
using AppHost.Postgres;
using EventStore.Appending;
using EventStore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Shared;

namespace Append;

/// <summary>What is measured.</summary>
internal sealed record Settings(int Streams, int Commits, int Rounds, bool Json, string? Folder);

/// <summary>Rounds of both contenders, in turn, on a durable server that is made for the run.</summary>
internal static class Run
{
    public static async Task<int> ExecuteAsync(Settings settings, CancellationToken cancellationToken)
    {
        using var folder = new WorkFolder("append", settings.Folder);
        await using var postgres = await PrivatePostgres.StartAsync(folder.Path, cancellationToken: cancellationToken);
        var database = await postgres.CreateDatabaseAsync("append", cancellationToken: cancellationToken);
        using var host = await StoreAsync(database, settings, cancellationToken);
        await using var source = NpgsqlDataSource.Create(database);
        var copy = await Copy.CreateAsync(source, cancellationToken);
        var store = new ProcessTree(postgres.Pid!.Value);
        var (appends, agains, copies) = (new List<Lap>(), new List<Lap>(), new List<Lap>());
        var (load, user) = (new UserAppends(), 0L);

        // One round of each to warm up: code is compiled, and files have grown.
        for (var round = 0; round <= settings.Rounds; round++)
        {
            var batches = Enumerable.Range(0, settings.Commits).Select(_ => Batch()).ToArray();
            var append = await LapAsync(store, () => AppendAsync(host.Services.GetRequiredService<IGroupCommit>(), batches, cancellationToken));
            var again = await LapAsync(store, () => RepeatAsync(host.Services.GetRequiredService<IGroupCommit>(), batches, cancellationToken));
            var rows = await copy.ReadAsync(batches, cancellationToken);
            var copied = await LapAsync(store, () => copy.WriteAsync(rows, cancellationToken));
            if (round == 0)
                continue;
            appends.Add(append);
            agains.Add(again);
            copies.Add(copied);
        }

        var events = (double)settings.Streams * settings.Commits;
        return Report(settings, events, appends, agains, copies) ? 0 : 1;

        StreamAppend[] Batch() => [.. Enumerable.Range(0, settings.Streams).Select(_ => load.Next(user++))];
    }

    private static async Task<IHost> StoreAsync(string database, Settings settings, CancellationToken cancellationToken)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddEventStore(options => (options.ConnectionString, options.MaxBatchAppends) = (database, settings.Streams));
        builder.Services.AddEventsOf(typeof(Contracts.Users.IUserEvent));
        var host = builder.Build();
        await host.StartAsync(cancellationToken);
        return host;
    }

    private static async Task AppendAsync(IGroupCommit store, StreamAppend[][] batches, CancellationToken cancellationToken)
    {
        foreach (var batch in batches)
            await UserAppends.CommitAsync(store, batch, cancellationToken);
    }

    /// <summary>What a batch costs whose answer was lost, or that a former owner wrote: nothing of it is stored again.</summary>
    private static async Task RepeatAsync(IGroupCommit store, StreamAppend[][] batches, CancellationToken cancellationToken)
    {
        foreach (var batch in batches)
        {
            if ((await Task.WhenAll(batch.Select(append => store.AppendAsync(append, cancellationToken).AsTask()))).Any(verdict => verdict is not AppendVerdict.Stale))
                throw new InvalidOperationException("An append that was stored before was not refused as stale.");
        }
    }

    private static async Task<Lap> LapAsync(ProcessTree store, Func<Task> work)
    {
        store.Look();
        var (before, own, clock) = (store.Seconds, Environment.CpuUsage.TotalTime, Stopwatch.StartNew());
        await work();
        clock.Stop();
        store.Look();
        return new(clock.Elapsed, store.Seconds - before, (Environment.CpuUsage.TotalTime - own).TotalSeconds);
    }

    private static bool Report(Settings settings, double events, List<Lap> appends, List<Lap> agains, List<Lap> copies)
    {
        var report = new Report("append", settings.Json);
        var name = $"{settings.Streams} events to {settings.Streams} new streams a commit";
        var ratios = appends.Zip(copies, (a, c) => c.Elapsed / a.Elapsed);
        report.Add(new("COPY of the same rows", Stats.Median(copies.Select(c => events / c.Elapsed.TotalSeconds)), "events/s"));
        var row = new Row(name, Stats.Median(appends.Select(a => events / a.Elapsed.TotalSeconds)), "events/s") { Target = 0.70 }.Beside("copy", ratios);
        report.Add(row);
        report.Add(new Row("the same again, stored before", Stats.Median(agains.Select(a => events / a.Elapsed.TotalSeconds)), "events/s")
            .Beside("append", appends.Zip(agains, (a, b) => a.Elapsed / b.Elapsed)));
        foreach (var (who, laps) in new[] { ("appends", appends), ("COPY", copies) })
        {
            report.Add(new($"{who}: Postgres", Stats.Median(laps.Select(l => l.StoreSeconds / events * 1e6)), "core-s per million"));
            report.Add(new($"{who}: this process", Stats.Median(laps.Select(l => l.OwnSeconds / events * 1e6)), "core-s per million"));
        }

        return row.Met ?? true;
    }

    private sealed record Lap(TimeSpan Elapsed, double StoreSeconds, double OwnSeconds);
}

using System.Diagnostics;
using AppHost.Postgres;
using AppHost.Processes;
using Contracts.Users;
using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.Hosting;
using EventStore.Projections;
using Grains.Users;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Shared;

namespace Rebuild;

/// <summary>What is measured.</summary>
internal sealed record Settings(long Events, int Users, int Rate, int Rounds, bool Json, string? Folder);

/// <summary>Rounds of reader and rebuild, in turn, on a store that is filled for the run and goes on being written to.</summary>
internal sealed class Run(Settings settings, IHost silo, NpgsqlDataSource source)
{
    private const string Projection = "user-profiles";
    private readonly UserAppends _appends = new();
    private readonly IReplays _replays = silo.Services.GetRequiredService<IReplays>();
    private readonly IProjections _projections = silo.Services.GetRequiredService<IProjections>();
    private long _arrived;

    public static async Task<int> ExecuteAsync(Settings settings, CancellationToken cancellationToken)
    {
        using var folder = new WorkFolder("rebuild", settings.Folder);
        await using var postgres = await PrivatePostgres.StartAsync(folder.Path, cancellationToken: cancellationToken);
        var database = await postgres.CreateDatabaseAsync("rebuild", cancellationToken: cancellationToken);
        var silo = Silo(database);
        await using var stopped = (IAsyncDisposable)silo;
        await silo.StartAsync(cancellationToken);
        await using var source = NpgsqlDataSource.Create(database);
        var met = await new Run(settings, silo, source).RoundsAsync(cancellationToken);
        await silo.StopAsync(cancellationToken);
        return met ? 0 : 1;
    }

    /// <summary>With nothing but the projection.</summary>
    private static IHost Silo(string database)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.Services.AddEventStore(options => options.ConnectionString = database);
        builder.Services.AddEventsOf(typeof(IUserEvent));
        builder.Services.AddProjection<UserProfiles>();
        builder.UseOrleans(orleans => orleans
            .UseLocalhostClustering(FreePort.Any(), FreePort.Any(), serviceId: "rebuild", clusterId: "rebuild")
            .AddProjections());
        return builder.Build();
    }

    private async Task<bool> RoundsAsync(CancellationToken cancellationToken)
    {
        await FillAsync(cancellationToken);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var arriving = ArriveAsync(ending.Token);
        var (reads, rebuilds, clock) = (new List<double>(), new List<double>(), Stopwatch.StartNew());
        for (var round = 0; round < settings.Rounds; round++)
        {
            reads.Add(await ReadAsync(cancellationToken));
            rebuilds.Add(await RebuildAsync(cancellationToken));
        }

        var arrived = _arrived / clock.Elapsed.TotalSeconds;
        await ending.CancelAsync();
        await arriving;
        var report = new Report("rebuild", settings.Json);
        var row = new Row($"rebuild of {settings.Events} events, {settings.Rate}/s arriving", Stats.Median(rebuilds), "events/s") { Target = 0.4 }
            .Beside("read", rebuilds.Zip(reads, (rebuild, read) => rebuild / read));
        report.Add(new("read and deserialize", Stats.Median(reads), "events/s"));
        report.Add(row);
        report.Add(new("arrived meanwhile", arrived, "events/s"));
        return row.Met == true;
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        const int perAppend = 10, appends = 2_000;
        var (store, user) = (silo.Services.GetRequiredService<IGroupCommit>(), 0L);
        for (var left = settings.Events / perAppend; left > 0; left -= appends)
        {
            await UserAppends.CommitAsync(
                store, Enumerable.Range(0, (int)Math.Min(left, Math.Min(appends, settings.Users))).Select(_ => _appends.Next(user++ % settings.Users, perAppend)), cancellationToken);
        }

        while (await _projections.GetAsync(Projection, cancellationToken) is not { Lag: 0, State: ProjectionState.Live })
            await Task.Delay(100, cancellationToken);
    }

    /// <summary>Appends at a steady rate: what could not be in time is made up for.</summary>
    private async Task ArriveAsync(CancellationToken cancellationToken)
    {
        var (store, clock, user) = (silo.Services.GetRequiredService<IGroupCommit>(), Stopwatch.StartNew(), 0L);
        while (!cancellationToken.IsCancellationRequested)
        {
            var due = (int)Math.Min(settings.Users, clock.Elapsed.TotalSeconds * settings.Rate - _arrived);
            await UserAppends.CommitAsync(store, Enumerable.Range(0, due).Select(_ => _appends.Next(user++ % settings.Users)), CancellationToken.None);
            _arrived += due;
            await Task.Delay(20, CancellationToken.None);
        }
    }

    private async Task<double> ReadAsync(CancellationToken cancellationToken)
    {
        var (types, serializer) = (silo.Services.GetRequiredService<EventTypes>(), silo.Services.GetRequiredService<IEventSerializer>());
        var (clock, count) = (Stopwatch.StartNew(), 0L);
        await using var command = source.CreateCommand("select stream_id, type, data::text from streaming.mt_events where seq_id <= $1 order by seq_id");
        command.Parameters.Add(new() { Value = settings.Events });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        for (; await reader.ReadAsync(cancellationToken); count++)
            _ = serializer.Deserialize(reader.GetString(0), reader.GetString(2), types.TypeOf(reader.GetString(1)));
        return count / clock.Elapsed.TotalSeconds;
    }

    private async Task<double> RebuildAsync(CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var replay = await _replays.StartAsync(new ReplayRequest(Projection), "benchmark", cancellationToken);
        while (replay.State == ReplayState.Running)
        {
            await Task.Delay(20, cancellationToken);
            replay = (await _replays.GetAsync(replay.Id, cancellationToken))!;
        }

        var elapsed = clock.Elapsed;
        if (replay.State != ReplayState.Completed)
            throw new InvalidOperationException($"The replay ended as {replay.State}: {replay.Error?.Message}");
        await _projections.CleanUpAsync(Projection, "benchmark", cancellationToken);
        return replay.Total / elapsed.TotalSeconds;
    }
}

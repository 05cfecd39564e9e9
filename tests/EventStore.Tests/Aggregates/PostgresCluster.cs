using EventStore.Appending;
using EventStore.DeadLetters;
using EventStore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.TestingHost;

namespace EventStore.Tests.Aggregates;

/// <summary>One silo over the real event store.</summary>
public sealed class PostgresCluster : IAsyncLifetime
{
    private readonly PostgresServer _server = new();
    private NpgsqlDataSource? _database;
    private InProcessTestCluster? _cluster;

    public FaultyStore Faults { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await _server.InitializeAsync();
        var database = await _server.NewDatabaseAsync();
        _database = NpgsqlDataSource.Create(database);
        _cluster = await AggregateCluster.StartAsync(services => services
            .AddEventStore(o => o.ConnectionString = database)
            .AddSingleton<IGroupCommit>(p => Faults = new(ActivatorUtilities.CreateInstance<GroupCommit>(p), p.GetRequiredService<IStreamLoader>())));
        _ = _cluster.Silos[0].ServiceProvider.GetRequiredService<IGroupCommit>();
    }

    public DiaryDriver NewDiary()
    {
        var key = $"d{Guid.NewGuid():N}";
        return new(_cluster!.Client.GetGrain<IDiaryGrain>(key), Faults, key);
    }

    public async Task<DiaryContents> ReadAsync(DiaryDriver diary)
    {
        var stream = await Faults.LoadAsync(diary.StreamKey, "diary", 0, 0);
        return new(
            stream.Events,
            await QueryAsync(diary, "select record_offset, outcome::int from streaming.ledger where incarnation = $1", o => (LedgerOutcome)o),
            await QueryAsync(diary, "select record_offset, kind::int from streaming.dead_letters where incarnation = $1", k => (DeadLetterKind)k),
            Assert.Single(stream.Positions).Offset);
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
        await _server.DisposeAsync();
    }

    private async Task<IReadOnlyList<(long, T)>> QueryAsync<T>(DiaryDriver diary, string sql, Func<int, T> kind)
    {
        await using var command = _database!.CreateCommand(sql);
        command.Parameters.Add(new() { Value = diary.Note(0).Coordinates.Incarnation });
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<(long, T)>();
        while (await reader.ReadAsync())
            rows.Add((reader.GetInt64(0), kind(reader.GetInt32(1))));
        return rows;
    }
}

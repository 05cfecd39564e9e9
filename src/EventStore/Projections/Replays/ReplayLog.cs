using System.Text.Json;
using EventStore.Hosting;
using EventStore.Operations;
using EventStore.Projections.Storage;
using Npgsql;
using NpgsqlTypes;

namespace EventStore.Projections;

/// <summary>The table of replays. How far one has come stands in its generation.</summary>
internal sealed class ReplayLog(StoreDatabase database, GenerationStore generations)
{
    private readonly string _select = $"""
        select r.id, r.projection, r.target, r.version, r.source, r.from_sequence, r.to_sequence, r.arguments::text, r.total, r.state, r.started_by,
            r.started_at, r.finished_at, r.generation, {Generation.Columns}
        from {database.Schema}.replays r join {database.Schema}.projection_generations g on g.id = r.generation
        """;

    public async Task<IReadOnlyList<Replay>> ListAsync(long? before, int limit, CancellationToken cancellationToken) => await database.QueryAsync(
        $"{_select} where $1::bigint is null or r.id < $1 order by r.id desc limit $2", parameters =>
        {
            parameters.Add(new() { Value = (object?)before ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
            parameters.Add(new() { Value = limit });
        }, row => Read(row).Replay, cancellationToken);

    public async Task<(Replay Replay, int Generation)?> GetAsync(long id, CancellationToken cancellationToken) =>
        (await database.QueryAsync($"{_select} where r.id = $1", [id], row => ((Replay, int)?)Read(row), cancellationToken)).SingleOrDefault();

    /// <summary>The replay that made a generation, or null: the first generation of a projection needs none.</summary>
    public async Task<Replay?> OfGenerationAsync(int generation, CancellationToken cancellationToken) =>
        (await database.QueryAsync($"{_select} where r.generation = $1", [generation], row => Read(row).Replay, cancellationToken)).SingleOrDefault();

    /// <summary>Makes the generation, the replay and the record of who asked for it, in one transaction.</summary>
    public async Task<long> StartAsync(ReplayRequest request, ProjectionDefinition definition, string position, long total, string who, CancellationToken cancellationToken)
    {
        var target = request.Target ?? request.Projection;
        try
        {
            return await generations.InTransactionAsync(async connection =>
            {
                var all = await generations.Tables.LockAsync(connection, target, cancellationToken);
                if (request.Target is not null && request.Target != request.Projection && all.Count > 0)
                    throw new ProjectionException(ProjectionRefusal.Conflict, $"The name '{target}' is taken by an earlier replay: choose another, or clean it up first.");
                var made = await generations.Tables.CreateAsync(
                    connection, target, definition, ProjectionKind.Documents, GenerationStage.Building, position, cancellationToken);
                var id = await InsertAsync(connection, made.Id, target, definition.Version, request, total, who, cancellationToken);
                await RecordAsync(connection, who, target == request.Projection ? "rebuild" : "replay", $"projection {target}",
                    $"replay {id}: {request.Projection} version {definition.Version} from {request.Source}", cancellationToken);
                return id;
            }, cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            throw new ProjectionException(ProjectionRefusal.Conflict, $"'{target}' is being built already: wait for that replay, or cancel it.");
        }
    }

    /// <summary>Ends a replay that has not ended, and drops its generation.</summary>
    public Task<bool> CancelAsync(long id, string target, int generation, string who, CancellationToken cancellationToken) =>
        generations.InTransactionAsync(async connection =>
        {
            var all = await generations.Tables.LockAsync(connection, target, cancellationToken);
            if (all.SingleOrDefault(g => g.Id == generation) is not { Stage: GenerationStage.Building } building)
                return false;
            await generations.Tables.DropAsync(connection, building, cancellationToken);
            await using var cancel = new NpgsqlCommand($"update {database.Schema}.replays set state = 3, finished_at = now() where id = $1", connection)
            {
                Parameters = { new() { Value = id } },
            };
            await cancel.ExecuteNonQueryAsync(cancellationToken);
            await RecordAsync(connection, who, "cancel", $"replay {id}", null, cancellationToken);
            return true;
        }, cancellationToken);

    public async Task RecordAsync(NpgsqlConnection connection, string who, string action, string subject, string? detail, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { OperatorLog.Command(database.Schema, who, action, subject, detail) } };
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<long> InsertAsync(
        NpgsqlConnection connection, int generation, string target, int version, ReplayRequest request, long total, string who, CancellationToken cancellationToken)
    {
        await using var insert = new NpgsqlCommand($"""
            insert into {database.Schema}.replays (generation, projection, target, version, source, from_sequence, to_sequence, arguments, total, started_by)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id
            """, connection)
        {
            Parameters =
            {
                new() { Value = generation }, new() { Value = request.Projection }, new() { Value = target }, new() { Value = version },
                new() { Value = request.Source }, new() { Value = request.FromSequence },
                new() { Value = (object?)request.ToSequence ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint },
                new() { Value = JsonSerializer.Serialize(request.Arguments), NpgsqlDbType = NpgsqlDbType.Jsonb },
                new() { Value = total }, new() { Value = who },
            },
        };
        return (long)(await insert.ExecuteScalarAsync(cancellationToken))!;
    }

    private static (Replay Replay, int Generation) Read(NpgsqlDataReader row)
    {
        var generation = Generation.Read(row, first: 14);
        var request = new ReplayRequest(row.GetString(1))
        {
            Target = row.GetString(2) == row.GetString(1) ? null : row.GetString(2),
            Version = row.GetInt32(3),
            Source = row.GetString(4),
            FromSequence = row.GetInt64(5),
            ToSequence = row.IsDBNull(6) ? null : row.GetInt64(6),
            Arguments = JsonSerializer.Deserialize<Dictionary<string, string>>(row.GetString(7))!,
        };
        var stored = (ReplayState)row.GetInt16(9);
        var failed = stored == ReplayState.Running && generation.Run == RunState.Failed;
        var total = row.GetInt64(8);
        // A finished replay's generation goes on with live events.
        var folded = request.Source == ReplayRequest.Store ? Math.Max(0, generation.Sequence - request.FromSequence + 1) : generation.Sequence;
        var done = stored == ReplayState.Completed ? Math.Min(folded, total) : folded;
        var (started, finished) = (row.GetFieldValue<DateTimeOffset>(11), row.IsDBNull(12) ? null : (DateTimeOffset?)row.GetFieldValue<DateTimeOffset>(12));
        var (left, rate) = (total - done, finished is { } end ? done / Math.Max((end - started).TotalSeconds, 1e-3) : generation.Rate);
        return (new Replay(row.GetInt64(0), request, row.GetInt32(3), failed ? ReplayState.Failed : stored, done, total, rate,
            stored == ReplayState.Running && !failed && rate > 0 && left >= 0 ? TimeSpan.FromSeconds(Math.Min(left / rate, TimeSpan.MaxValue.TotalSeconds / 2)) : null,
            failed ? generation.Failure : null, row.GetString(10), started, finished), row.GetInt32(13));
    }
}

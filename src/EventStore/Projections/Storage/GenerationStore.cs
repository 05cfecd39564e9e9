using System.Text.Json;
using EventStore.Appending;
using EventStore.Hosting;
using Npgsql;
using NpgsqlTypes;

namespace EventStore.Projections.Storage;

/// <summary>Reads and changes the generations; a change of several rows is one transaction.</summary>
internal sealed class GenerationStore(StoreDatabase database, StoreDataSources dataSources, StoreAvailability availability)
{
    public string Schema => database.Schema;

    public GenerationTables Tables { get; } = new(database.Schema);

    public Task<List<Generation>> ListAsync(string name, CancellationToken cancellationToken) => database.QueryAsync(
        $"select {Generation.Columns} from {Schema}.projection_generations g where g.name = $1 and g.stage <> 4 order by g.id",
        [name], Generation.Read, cancellationToken);

    /// <summary>The highest version of a projection that there ever was under its own name, dropped ones included.</summary>
    public async Task<int> HighestVersionAsync(string name, CancellationToken cancellationToken) => (await database.QueryAsync(
        $"select coalesce(max(version), 0) from {Schema}.projection_generations where name = $1 and definition = $1", [name], row => row.GetInt32(0), cancellationToken))[0];

    /// <summary>Whether a silo has run a name within the last minute.</summary>
    public async Task<bool> WasSeenAsync(string name, CancellationToken cancellationToken) => (await database.QueryAsync(
        $"select coalesce(max(seen_at) > now() - interval '1 minute', false) from {Schema}.projection_generations where name = $1 and stage in (1, 2)",
        [name], row => row.GetBoolean(0), cancellationToken))[0];

    public async Task<Generation?> FindAsync(int id, CancellationToken cancellationToken) => (await database.QueryAsync(
        $"select {Generation.Columns} from {Schema}.projection_generations g where g.id = $1", [id], Generation.Read, cancellationToken)).SingleOrDefault();

    /// <summary>The names that someone must run, also those that only the database knows: replays under a name of their own.</summary>
    public Task<List<string>> RunnableNamesAsync(CancellationToken cancellationToken) => database.QueryAsync(
        $"select distinct name from {Schema}.projection_generations where stage in (1, 2) and run = 1", [], row => row.GetString(0), cancellationToken);

    /// <summary>Makes the first generation of a name, read from the start. Does nothing when another silo was faster.</summary>
    public async Task CreateFirstAsync(string name, ProjectionDefinition? definition, ProjectionKind kind, CancellationToken cancellationToken)
    {
        try
        {
            await InTransactionAsync(connection => Tables.CreateAsync(
                connection, name, definition, kind, GenerationStage.Active, "0", cancellationToken), cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
        }
    }

    /// <summary>Makes what readers of a built generation need, before it is the one that is read.</summary>
    public Task IndexAsync(Generation built, ProjectionDefinition definition, CancellationToken cancellationToken) => InTransactionAsync(async connection =>
    {
        await Tables.IndexAsync(connection, built, definition, cancellationToken);
        return true;
    }, cancellationToken);

    /// <summary>
    /// Makes a built generation the one that is read, unless what is read now is further on: readers must never go back in time.
    /// Generations before the one that is replaced go; their tables with <see cref="DropForgottenAsync"/>, since a backup may read them, for which nobody here waits.
    /// </summary>
    public Task<bool> SwitchAsync(Generation built, bool complete, CancellationToken cancellationToken) => InTransactionAsync(async connection =>
    {
        var all = await Tables.LockAsync(connection, built.Name, cancellationToken);
        var active = all.SingleOrDefault(g => g.Stage == GenerationStage.Active);
        var next = all.SingleOrDefault(g => g.Id == built.Id && g.Stage == GenerationStage.Building);
        if (next is null || next.Sequence < active?.Sequence)
            return false;
        foreach (var old in all.Where(g => g.Stage == GenerationStage.Retired))
            await Tables.ForgetAsync(connection, old, cancellationToken);
        await Tables.ActivateAsync(connection, next, active, cancellationToken);
        await using var finish = new NpgsqlCommand($"""
            update {Schema}.replays set state = 2, finished_at = now() where generation = $1 and state = 1;
            """, connection) { Parameters = { new() { Value = next.Id } } };
        await finish.ExecuteNonQueryAsync(cancellationToken);
        if (complete)
            await SetRunAsync(connection, next.Id, RunState.Complete, null, cancellationToken);
        return true;
    }, cancellationToken);

    /// <summary>Drops the tables of a name's generations that are no more. Those in use stay for the next time: when it is run or built again.</summary>
    /// <returns>The tables that stay.</returns>
    public async Task<IReadOnlyList<string>> DropForgottenAsync(string name, CancellationToken cancellationToken)
    {
        var tables = await database.QueryAsync(
            $"select table_name from {Schema}.projection_generations where name = $1 and stage = 4 and to_regclass('{Schema}.' || table_name) is not null order by id",
            [name], row => row.GetString(0), cancellationToken);
        var used = new List<string>();
        foreach (var table in tables)
        {
            try
            {
                await InTransactionAsync(async connection =>
                {
                    await Tables.DropTableAsync(connection, table, cancellationToken);
                    return true;
                }, cancellationToken);
            }
            catch (StoreUnavailableException e) when (IsInUse(e.InnerException))
            {
                used.Add(table);
            }
        }

        return used;
    }

    public Task FailAsync(int id, ProjectionFailure failure, CancellationToken cancellationToken) => InTransactionAsync(async connection =>
    {
        await SetRunAsync(connection, id, RunState.Failed, failure, cancellationToken);
        return true;
    }, cancellationToken);

    /// <summary>Says who runs a generation, and that it is alive.</summary>
    public Task SeenAsync(IReadOnlyCollection<int> ids, string runner, CancellationToken cancellationToken) => database.ExecuteAsync(
        $"update {Schema}.projection_generations set runner = $2, seen_at = now() where id = any($1)", [ids.ToArray(), runner], cancellationToken);

    public async Task SetRunAsync(NpgsqlConnection connection, int id, RunState run, ProjectionFailure? failure, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"update {Schema}.projection_generations set run = $2, failure = $3, rate = 0, changed_at = now() where id = $1", connection)
        {
            Parameters =
            {
                new() { Value = id }, new() { Value = (short)run },
                new() { Value = failure is null ? DBNull.Value : StorableText.Mend(JsonSerializer.Serialize(Mend(failure), EventJson.Options))!, NpgsqlDbType = NpgsqlDbType.Jsonb },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Runs in one transaction; what passes by itself becomes <see cref="StoreUnavailableException"/>.</summary>
    public async Task<T> InTransactionAsync<T>(Func<NpgsqlConnection, Task<T>> run, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await dataSources.Store.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var result = await run(connection);
            await transaction.CommitAsync(cancellationToken);
            availability.Succeeded();
            return result;
        }
        catch (PostgresException e) when (IsInUse(e))
        {
            // That is no outage: the database answers everyone else.
            throw new StoreUnavailableException("A table of the projection is in use: its index is being made, or a backup reads it. Try again when that is over; pg_stat_activity shows it.", e);
        }
        catch (Exception e) when (TransientErrors.IsTransient(e))
        {
            availability.Failed(e);
            throw new StoreUnavailableException($"Postgres does not answer; try again. {e.Message}", e);
        }
    }

    private static bool IsInUse(Exception? error) => error is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable };

    // An exception's text may quote what Postgres cannot store.
    private static ProjectionFailure Mend(ProjectionFailure failure) => failure with
    {
        Message = StorableText.Mend(failure.Message)!,
        Exception = StorableText.Mend(failure.Exception)!,
    };
}

using System.Globalization;
using Npgsql;

namespace EventStore.Projections.Storage;

/// <summary>The statements that make, switch and drop generations. Each runs in a transaction of its caller's.</summary>
internal sealed class GenerationTables(string schema)
{
    /// <summary>Makes a generation and its table. Fails with a unique violation when the name has one in that stage already.</summary>
    public async Task<Generation> CreateAsync(
        NpgsqlConnection connection, string name, ProjectionDefinition? definition, ProjectionKind kind, GenerationStage stage, string position,
        CancellationToken cancellationToken)
    {
        await using var insert = new NpgsqlCommand($"""
            insert into {schema}.projection_generations as g (name, definition, version, kind, stage, run, position, sequence)
            values ($1, $2, $3, $4, $5, 1, $6, 0) returning {Generation.Columns}
            """, connection)
        {
            Parameters =
            {
                new() { Value = name }, new() { Value = definition?.Name ?? name }, new() { Value = definition?.Version ?? 1 },
                new() { Value = (short)kind }, new() { Value = (short)stage }, new() { Value = position },
            },
        };
        Generation made;
        await using (var reader = await insert.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            made = Generation.Read(reader);
        }

        if (definition is null)
            return made;
        var table = Generation.TableOf(name, definition.Version, made.Id);
        await ExecuteAsync(connection, $"""
            create table {schema}.{table} (key text collate "C" primary key, doc jsonb not null, sequence bigint not null) with (fillfactor = 70);
            update {schema}.projection_generations set table_name = '{table}' where id = {made.Id.ToString(CultureInfo.InvariantCulture)};
            """, cancellationToken);
        made = made with { Table = table };
        if (stage == GenerationStage.Active)
        {
            await IndexAsync(connection, made, definition, cancellationToken);
            await ShowAsync(connection, made, cancellationToken);
        }

        return made;
    }

    /// <summary>
    /// Makes the indexes by which documents are listed, where they are missing. One that is being built gets them when it is done: nobody lists it before, and an index over what each
    /// event changes would be changed with every event.
    /// </summary>
    public async Task IndexAsync(NpgsqlConnection connection, Generation generation, ProjectionDefinition definition, CancellationToken cancellationToken)
    {
        if (generation.Table is not { } table)
            return;
        var missing = new List<string>();
        for (var i = 0; i < definition.Orders.Count; i++)
        {
            var index = $"{table}_o{i.ToString(CultureInfo.InvariantCulture)}";
            await using var look = new NpgsqlCommand($"select to_regclass('{schema}.{index}') is null", connection);
            if (await look.ExecuteScalarAsync(cancellationToken) is true)
                missing.Add($"create index if not exists {index} on {schema}.{table} (({OrderExpression(definition.Orders[i])}) desc, key);");
        }

        if (missing.Count == 0)
            return;

        // Over many documents it takes its time; nothing but the runner that asks for it waits. The limit of the connection counts from the start of a command.
        await ExecuteAsync(connection, "set local statement_timeout = 0", cancellationToken);
        await using var command = new NpgsqlCommand($"""
            select pg_advisory_xact_lock(hashtextextended('{schema}.{table}', 0));
            {string.Join('\n', missing)}
            """, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>A number in a document; absent counts as 0, because absent nulls are not written.</summary>
    public static string OrderExpression(string property) => $"coalesce((doc->>'{property}')::numeric, 0)";

    /// <summary>Locks a name's generations against every other switch, and reads them.</summary>
    public async Task<List<Generation>> LockAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"select {Generation.Columns} from {schema}.projection_generations g where g.name = $1 and g.stage <> 4 order by g.id for update", connection)
        {
            Parameters = { new() { Value = name } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<Generation>();
        while (await reader.ReadAsync(cancellationToken))
            found.Add(Generation.Read(reader));
        return found;
    }

    /// <summary>Makes a generation the one that is read; the one before it stays, so that it can come back.</summary>
    public async Task ActivateAsync(NpgsqlConnection connection, Generation next, Generation? before, CancellationToken cancellationToken)
    {
        if (before is not null)
            await SetStageAsync(connection, before, GenerationStage.Retired, cancellationToken);
        await SetStageAsync(connection, next, GenerationStage.Active, cancellationToken);
        await ShowAsync(connection, next, cancellationToken);
    }

    /// <summary>Makes a generation one that is no more; its table goes with <see cref="DropTableAsync"/>.</summary>
    public Task ForgetAsync(NpgsqlConnection connection, Generation generation, CancellationToken cancellationToken) =>
        SetStageAsync(connection, generation, GenerationStage.Dropped, cancellationToken);

    public async Task DropAsync(NpgsqlConnection connection, Generation generation, CancellationToken cancellationToken)
    {
        await ForgetAsync(connection, generation, cancellationToken);
        if (generation.Table is { } table)
            await DropTableAsync(connection, table, cancellationToken);
    }

    /// <summary>Drops a table, if nobody uses it: its index may be in the making, or a backup may read it, and what goes on beside it must not wait for that.</summary>
    /// <exception cref="PostgresException">It is in use (55P03).</exception>
    public async Task DropTableAsync(NpgsqlConnection connection, string table, CancellationToken cancellationToken)
    {
        await ExecuteAsync(connection, "set local lock_timeout = '2s'", cancellationToken);
        await ExecuteAsync(connection, $"drop table if exists {schema}.{table}", cancellationToken);
    }

    /// <summary>Removes a name from what can be read.</summary>
    public Task HideAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, $"drop view if exists {schema}.{Generation.ViewOf(name)}", cancellationToken);

    private Task SetStageAsync(NpgsqlConnection connection, Generation generation, GenerationStage stage, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, $"update {schema}.projection_generations set stage = {(int)stage}, changed_at = now() where id = {generation.Id}", cancellationToken);

    private Task ShowAsync(NpgsqlConnection connection, Generation generation, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, $"create or replace view {schema}.{Generation.ViewOf(generation.Name)} as select key, doc, sequence from {schema}.{generation.Table}", cancellationToken);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

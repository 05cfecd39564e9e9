using Npgsql;

namespace StreamJobs.Checkpoints;

/// <summary>
/// A job's results as a table with typed columns, for SQL: a view named <c>results_</c> and the job's name over the rows that its checkpoints write, so it
/// costs no second copy and is as exact as they are.
/// </summary>
internal sealed class ResultView(Job job, string schema)
{
    /// <summary>The job's name.</summary>
    public string Job => job.Name;

    /// <summary>The view's name.</summary>
    public string Name { get; } = $"results_{job.Name.Replace('-', '_')}";

    /// <summary>The statement that creates it.</summary>
    public string Definition =>
        $"""
        create or replace view {schema}.{Name} as
        select key, to_timestamp(start_ms / 1000.0) as window_start, to_timestamp(end_ms / 1000.0) as window_end, revision{string.Concat(Columns(job.ResultType))}
        from {schema}.job_results where job = '{job.Name}' and not retracted
        """;

    /// <summary>Creates it, or puts it in the place of one with other columns.</summary>
    /// <returns>False when something in the database is built upon one with other columns, which stays.</returns>
    public async Task<bool> TryCreateAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        const string before = "view";
        await transaction.SaveAsync(before, cancellationToken);
        try
        {
            await ExecuteAsync(connection, Definition, cancellationToken);
            return true;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InvalidTableDefinition)
        {
            await transaction.RollbackAsync(before, cancellationToken); // the job has other fields than it had
        }

        try
        {
            await ExecuteAsync(connection, $"drop view if exists {schema}.{Name}", cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DependentObjectsStillExist)
        {
            await transaction.RollbackAsync(before, cancellationToken);
            return false;
        }

        await ExecuteAsync(connection, Definition, cancellationToken);
        return true;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static IEnumerable<string> Columns(Type result) => ResultColumn.Of(result).Select(c => (c.Field, c.Type) switch
    {
        (null, { } type) => $", (value #>> '{{}}')::{Sql(type)} as {c.Name}",
        (null, null) => $", value as {c.Name}",
        (_, null) => $", value -> {Literal(c.Field!)} as {Quoted(c.Name)}",
        (_, { } type) => $", (value ->> {Literal(c.Field)})::{Sql(type)} as {Quoted(c.Name)}",
    });

    private static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Sql(Type type) => type switch
    {
        _ when type == typeof(bool) => "boolean",
        _ when type == typeof(long) => "bigint",
        _ when type == typeof(decimal) => "numeric",
        _ when type == typeof(double) => "double precision",
        _ when type == typeof(DateTimeOffset) => "timestamptz",
        _ when type == typeof(Guid) => "uuid",
        _ => "text",
    };
}

using Npgsql;

namespace StreamJobs.Checkpoints;

/// <summary>
/// A job's results as a table with typed columns, for SQL: a view named <c>results_</c> and the job's name over the rows that its checkpoints write, so it
/// costs no second copy and is as exact as they are.
/// </summary>
internal sealed class ResultView(Job job, string schema)
{
    private static readonly string[] Fixed = ["key", "window_start", "window_end", "revision"];
    private readonly string _name = $"{schema}.results_{job.Name.Replace('-', '_')}";

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
            await ExecuteAsync(connection, $"drop view if exists {_name}", cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DependentObjectsStillExist)
        {
            await transaction.RollbackAsync(before, cancellationToken);
            return false;
        }

        await ExecuteAsync(connection, Definition, cancellationToken);
        return true;
    }

    private string Definition =>
        $"""
        create or replace view {_name} as
        select key, to_timestamp(start_ms / 1000.0) as window_start, to_timestamp(end_ms / 1000.0) as window_end, revision{string.Concat(Columns(job.ResultType))}
        from {schema}.job_results where job = '{job.Name}' and not retracted
        """;

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static IEnumerable<string> Columns(Type result)
    {
        if (TypeOf(result) is { } scalar)
            return [$", (value #>> '{{}}')::{scalar} as value"];
        return result.GetProperties().Where(p => p.GetIndexParameters().Length == 0).Select(p =>
        {
            var column = Fixed.Contains(p.Name, StringComparer.Ordinal) ? $"value_{p.Name}" : p.Name;
            return TypeOf(p.PropertyType) is { } type ? $", (value ->> '{p.Name}')::{type} as \"{column}\"" : $", value -> '{p.Name}' as \"{column}\"";
        });
    }

    /// <summary>The column's type in Postgres; null for what stays JSON.</summary>
    private static string? TypeOf(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        { IsEnum: true } => null,
        var t when t == typeof(string) => "text",
        var t when t == typeof(bool) => "boolean",
        var t when t == typeof(int) || t == typeof(long) || t == typeof(short) || t == typeof(byte) => "bigint",
        var t when t == typeof(decimal) => "numeric",
        var t when t == typeof(double) || t == typeof(float) => "double precision",
        var t when t == typeof(DateTimeOffset) || t == typeof(DateTime) => "timestamptz",
        var t when t == typeof(Guid) => "uuid",
        _ => null,
    };
}

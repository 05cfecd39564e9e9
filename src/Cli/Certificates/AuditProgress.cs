using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;

namespace Cli.Certificates;

/// <summary>An audit's row in the store, which <c>GET /audits</c> shows: how far it is, and at its end the certificate.</summary>
internal sealed class AuditProgress
{
    private static readonly TimeSpan WriteEvery = TimeSpan.FromSeconds(1);
    private readonly NpgsqlDataSource _database;
    private readonly string _schema;
    private readonly long _id;
    private readonly Stopwatch _written = Stopwatch.StartNew();
    private long _done;
    private string _step = "";

    private AuditProgress(NpgsqlDataSource database, string schema, long id) => (_database, _schema, _id) = (database, schema, id);

    /// <summary>Adds the row.</summary>
    public static async Task<AuditProgress> StartAsync(NpgsqlDataSource database, string schema, AuditKind kind, CancellationToken cancellationToken)
    {
        await using var insert = database.CreateCommand($"insert into {schema}.audits (kind, started_by) values ($1, $2) returning id");
        insert.Parameters.Add(new() { Value = (short)kind });
        insert.Parameters.Add(new() { Value = Environment.UserName });
        return new(database, schema, (long)(await insert.ExecuteScalarAsync(cancellationToken))!);
    }

    /// <summary>Begins a step; what it will have to do is added to the total.</summary>
    public Task BeginAsync(string step, long more)
    {
        _step = step;
        return WriteAsync(more);
    }

    /// <summary>Counts what was done; it is written at most once a second.</summary>
    public Task AddAsync(long done)
    {
        _done += done;
        return _written.Elapsed < WriteEvery ? Task.CompletedTask : WriteAsync(0);
    }

    /// <summary>Ends the audit.</summary>
    public async Task EndAsync(bool holds, IReadOnlyList<string> findings, string? certificate)
    {
        await using var update = _database.CreateCommand(
            $"update {_schema}.audits set state = $2, step = null, done = $3, findings = $4, certificate = $5, seen_at = now(), finished_at = now() where id = $1");
        update.Parameters.Add(new() { Value = _id });
        update.Parameters.Add(new() { Value = (short)(holds ? AuditEnd.Holds : AuditEnd.Differs) });
        update.Parameters.Add(new() { Value = _done });
        update.Parameters.Add(new() { Value = findings.ToArray() });
        update.Parameters.Add(new() { Value = (object?)certificate ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Jsonb });
        await update.ExecuteNonQueryAsync();
    }

    /// <summary>Says that the audit could not be finished, if that can still be said.</summary>
    public async Task GiveUpAsync(string why)
    {
        try
        {
            await using var update = _database.CreateCommand(
                $"update {_schema}.audits set state = {(short)AuditEnd.Failed}, findings = array[$2], seen_at = now(), finished_at = now() where id = $1");
            update.Parameters.Add(new() { Value = _id });
            update.Parameters.Add(new() { Value = why });
            await update.ExecuteNonQueryAsync();
        }
        catch (NpgsqlException)
        {
            // The store is what failed: the row shows that nothing was heard of the audit since.
        }
    }

    private async Task WriteAsync(long more)
    {
        _written.Restart();
        await using var update = _database.CreateCommand(
            $"update {_schema}.audits set step = $2, done = $3, total = total + $4, seen_at = now() where id = $1");
        update.Parameters.Add(new() { Value = _id });
        update.Parameters.Add(new() { Value = _step });
        update.Parameters.Add(new() { Value = _done });
        update.Parameters.Add(new() { Value = more });
        await update.ExecuteNonQueryAsync();
    }
}

/// <summary>What an audit is for.</summary>
internal enum AuditKind : short
{
    Certify = 1,
    Verify = 2,
}

/// <summary>How an audit ended.</summary>
internal enum AuditEnd : short
{
    Holds = 2,
    Differs = 3,
    Failed = 4,
}

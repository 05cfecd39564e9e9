using System.Data;
using System.Diagnostics;
using Npgsql;

namespace EventStore.Schema;

/// <summary>A named lock that the database holds for a connection; it is free again when the connection ends, however it ends.</summary>
internal sealed class AdvisoryLock : IAsyncDisposable
{
    /// <summary>How long a wait is nothing to speak of: an upgrade that a colleague makes takes about a second.</summary>
    private static readonly TimeSpan QuietWait = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly NpgsqlConnection _connection;
    private readonly string _name;
    private readonly NpgsqlDataSource? _pool; // where the connection goes back to; null when it is the caller's

    private AdvisoryLock(NpgsqlConnection connection, string name, NpgsqlDataSource? pool) => (_connection, _name, _pool) = (connection, name, pool);

    /// <summary>Waits for the lock, however long, for a connection that stays the caller's.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="name">The lock's name.</param>
    /// <param name="whileHeld">Told once, after a few seconds, who holds the lock.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task<AdvisoryLock> AcquireAsync(NpgsqlConnection connection, string name, Action<string> whileHeld, CancellationToken cancellationToken)
    {
        var (begun, said) = (Stopwatch.GetTimestamp(), false);
        while (!await TryAsync(connection, name, cancellationToken))
        {
            if (!said && Stopwatch.GetElapsedTime(begun) >= QuietWait)
            {
                whileHeld(await HolderAsync(connection, name, cancellationToken));
                said = true;
            }

            // Asked again and again rather than with one statement that waits: that would hold back what waits for old snapshots, such as a colleague's index.
            await Task.Delay(Pause, cancellationToken);
        }

        return new AdvisoryLock(connection, name, pool: null);
    }

    /// <summary>Takes the lock, with a connection of its own, if nobody holds it; else null.</summary>
    public static async Task<AdvisoryLock?> TryAcquireAsync(NpgsqlDataSource dataSource, string name, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        AdvisoryLock? taken = null;
        try
        {
            if (await TryAsync(connection, name, cancellationToken))
                taken = new AdvisoryLock(connection, name, dataSource);
            return taken;
        }
        catch
        {
            dataSource.Clear(); // it may hold the lock without our knowing: it must not go on living in the pool
            throw;
        }
        finally
        {
            if (taken is null)
                await connection.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_connection.FullState != ConnectionState.Open)
                return; // the lock went with the connection
            await using var command = new NpgsqlCommand("select pg_advisory_unlock(hashtextextended($1, 0))", _connection);
            command.Parameters.Add(new() { Value = _name });
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (NpgsqlException) when (_pool is not null || _connection.FullState != ConnectionState.Open)
        {
            // The lock goes with the connection, which is not used again: what was done under it is done.
            _pool?.Clear();
        }
        finally
        {
            if (_pool is not null)
                await _connection.DisposeAsync();
        }
    }

    private static async Task<bool> TryAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select pg_try_advisory_lock(hashtextextended($1, 0))", connection);
        command.Parameters.Add(new() { Value = name });
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>Who holds the lock: its process on the server, and what it calls itself.</summary>
    private static async Task<string> HolderAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        // A lock's 64 bits stand in two columns; objsubid 1 says that they are one number.
        const string Sql = """
            select format('pid %s (%s) on %s, connected since %s', l.pid, coalesce(nullif(a.application_name, ''), 'without an application name'),
                coalesce(host(a.client_addr), 'the server itself'), a.backend_start::timestamptz(0))
            from pg_locks l left join pg_stat_activity a using (pid)
            where l.locktype = 'advisory' and l.objsubid = 1 and l.granted and l.database = (select oid from pg_database where datname = current_database())
                and (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended($1, 0)
            """;
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.Add(new() { Value = name });
        return await command.ExecuteScalarAsync(cancellationToken) as string ?? "someone who has just released it";
    }
}

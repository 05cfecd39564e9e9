using System.Data;
using Npgsql;

namespace EventStore.Schema;

/// <summary>A named lock that the database holds for a connection; it is free again when the connection ends, however it ends.</summary>
internal sealed class AdvisoryLock : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly string _name;
    private readonly NpgsqlDataSource? _pool; // where the connection goes back to; null when it is the caller's

    private AdvisoryLock(NpgsqlConnection connection, string name, NpgsqlDataSource? pool) => (_connection, _name, _pool) = (connection, name, pool);

    /// <summary>Waits for the lock, for a connection that stays the caller's.</summary>
    public static async Task<AdvisoryLock> AcquireAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        // Waiting for a colleague's upgrade may take longer than a command may.
        await using var command = new NpgsqlCommand("select pg_advisory_lock(hashtextextended($1, 0))", connection) { CommandTimeout = 0 };
        command.Parameters.Add(new() { Value = name });
        await command.ExecuteNonQueryAsync(cancellationToken);
        return new AdvisoryLock(connection, name, pool: null);
    }

    /// <summary>Takes the lock, with a connection of its own, if nobody holds it; else null.</summary>
    public static async Task<AdvisoryLock?> TryAcquireAsync(NpgsqlDataSource dataSource, string name, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        AdvisoryLock? taken = null;
        try
        {
            await using var command = new NpgsqlCommand("select pg_try_advisory_lock(hashtextextended($1, 0))", connection);
            command.Parameters.Add(new() { Value = name });
            if (await command.ExecuteScalarAsync(cancellationToken) is true)
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
}

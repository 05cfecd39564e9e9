using Npgsql;

namespace EventStore.Schema;

/// <summary>A named lock that the database holds for a connection; it is free again when the connection ends, however it ends.</summary>
internal sealed class AdvisoryLock : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly string _name;

    private AdvisoryLock(NpgsqlConnection connection, string name) => (_connection, _name) = (connection, name);

    public static async Task<AdvisoryLock> AcquireAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        // Waiting for a colleague's upgrade may take longer than a command may.
        await using var command = new NpgsqlCommand("select pg_advisory_lock(hashtextextended($1, 0))", connection) { CommandTimeout = 0 };
        command.Parameters.Add(new() { Value = name });
        await command.ExecuteNonQueryAsync(cancellationToken);
        return new AdvisoryLock(connection, name);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection.FullState != System.Data.ConnectionState.Open)
            return; // the lock went with the connection
        await using var command = new NpgsqlCommand("select pg_advisory_unlock(hashtextextended($1, 0))", _connection);
        command.Parameters.Add(new() { Value = _name });
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }
}

using AppHost.Postgres;
using Npgsql;
using Xunit;

namespace Testing.Postgres;

/// <summary>
/// A private Postgres server. As an assembly fixture it is shared: take a database of your own from it. A test that stops the server starts its
/// own with <see cref="StartOwnAsync"/>. Commits do not wait for the disk (fsync is off), which no test can see: none cuts the power.
/// </summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private readonly string _folder = TestFolder.New();
    private PrivatePostgres? _server;

    /// <summary>The port on 127.0.0.1, the same after a restart.</summary>
    public int Port => Server.Port;

    /// <summary>How to connect to the server's own database, for administration.</summary>
    public string ConnectionString => Server.ConnectionString();

    private PrivatePostgres Server => _server ?? throw new InvalidOperationException("The server was not started: is it registered as a fixture?");

    /// <summary>A server for one test, which may stop and restart it.</summary>
    public static async Task<PostgresServer> StartOwnAsync()
    {
        var server = new PostgresServer();
        await server.InitializeAsync();
        return server;
    }

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => _server = await PrivatePostgres.StartAsync(_folder, durable: false);

    /// <summary>Creates an empty database.</summary>
    /// <returns>Its connection string.</returns>
    public Task<string> CreateDatabaseAsync() => CreateDatabaseAsync("template1");

    /// <summary>Creates a database as a copy of another one, to which nobody may be connected.</summary>
    /// <returns>Its connection string.</returns>
    public Task<string> CreateDatabaseAsync(string template) => Server.CreateDatabaseAsync($"t{Guid.NewGuid():N}", template);

    /// <summary>Stops the server: cleanly, or at once as a crash would.</summary>
    public Task StopAsync(bool immediately = false) => Server.StopAsync(immediately);

    /// <summary>Starts it again on the same port.</summary>
    public Task StartAsync() => Server.StartAsync();

    /// <summary>From now on a user has to give its password; the others need none.</summary>
    public async Task RequirePasswordAsync(string user)
    {
        var rules = Path.Combine(Server.Folder, "data", "pg_hba.conf");
        await File.WriteAllTextAsync(rules, $"host all {user} 127.0.0.1/32 scram-sha-256\n" + await File.ReadAllTextAsync(rules));
        await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var reload = new NpgsqlCommand("select pg_reload_conf()", connection);
        await reload.ExecuteNonQueryAsync();
        await using var rule = new NpgsqlCommand("select count(*) from pg_hba_file_rules where auth_method = 'scram-sha-256'", connection);
        await Eventually.Async(async () => (long)(await rule.ExecuteScalarAsync())! > 0, TimeSpan.FromSeconds(10), "the server knows the rule");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }
}

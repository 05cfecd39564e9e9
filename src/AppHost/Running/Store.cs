using AppHost.Postgres;
using Npgsql;

namespace AppHost.Running;

/// <summary>The system's Postgres: the one that <c>ConnectionStrings:Postgres</c> names, else a private server in the data folder.</summary>
/// <param name="ConnectionString">How to connect to the system's database.</param>
/// <param name="Server">The private server, or null.</param>
/// <param name="Description">For the user.</param>
public sealed record Store(string ConnectionString, PrivatePostgres? Server, string Description)
{
    private const string Setting = "ConnectionStrings:Postgres";
    private const string Database = "streaming";

    /// <summary>Finds or starts it.</summary>
    /// <exception cref="InvalidOperationException">It refuses us, or cannot be started; the message says what to do.</exception>
    public static async Task<Store> OpenAsync(UpOptions options, CancellationToken cancellationToken)
    {
        if (options.Settings[Setting] is { } given)
            return new Store(given, null, await DescribeAsync(given, cancellationToken));
        var server = await PrivatePostgres.StartAsync(Path.Combine(options.Data, "postgres"), KeptPorts.Take(options.Data, "postgres"), cancellationToken: cancellationToken);
        try
        {
            await server.CreateDatabaseAsync(Database, cancellationToken: cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DuplicateDatabase)
        {
            // From an earlier run.
        }
        catch
        {
            await server.DisposeAsync(); // nobody else has it yet
            throw;
        }

        return new Store(server.ConnectionString(Database), server, $"on 127.0.0.1:{server.Port}, its data in {server.Folder}");
    }

    private static async Task<string> DescribeAsync(string connectionString, CancellationToken cancellationToken)
    {
        try
        {
            var where = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
            await using var connection = new NpgsqlConnection(where.ConnectionString);
            await connection.OpenAsync(cancellationToken);
            return $"{connection.ServerVersion} on {where.Host}:{where.Port}, database {where.Database}";
        }
        catch (PostgresException e) when (e.SqlState[..2] is "28" or "3D")
        {
            // Refused: waiting would not help.
            throw new InvalidOperationException($"Postgres refuses us: {e.MessageText}. Correct {Setting}: user, password and database.", e);
        }
        catch (ArgumentException e)
        {
            throw new InvalidOperationException($"{Setting} is not a connection string: {e.Message}", e);
        }
        catch (NpgsqlException e)
        {
            return $"does not answer yet ({e.Message}); everything waits for it";
        }
    }
}

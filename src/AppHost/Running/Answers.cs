using System.Net.Sockets;
using Confluent.Kafka;
using Npgsql;

namespace AppHost.Running;

/// <summary>Asks Postgres and Kafka something: a process that lives may answer nobody.</summary>
internal static class Answers
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Null when Postgres answers a query within two seconds, else what is wrong.</summary>
    public static async Task<string?> PostgresAsync(string connectionString, CancellationToken cancellationToken)
    {
        var seconds = (int)Patience.TotalSeconds;
        try
        {
            var where = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, Timeout = seconds, CommandTimeout = seconds };
            await using var connection = new NpgsqlConnection(where.ConnectionString);
            await connection.OpenAsync(cancellationToken);
            await using var query = new NpgsqlCommand("select 1", connection);
            await query.ExecuteScalarAsync(cancellationToken);
            return null;
        }
        catch (NpgsqlException e) when (e.InnerException is TimeoutException)
        {
            return Silent;
        }
        catch (Exception e) when (e is NpgsqlException or ArgumentException)
        {
            return e.Message;
        }
    }

    /// <summary>Null when Kafka answers within two seconds, else what is wrong. Of one that is not ours only that it can be reached: it may want to know who asks.</summary>
    public static async Task<string?> KafkaAsync(Endpoints endpoints, CancellationToken cancellationToken)
    {
        if (endpoints.KafkaKind is not Endpoints.GivenKafka)
            return await Task.Run(() => Metadata(endpoints.Kafka), cancellationToken);
        var problems = await Task.WhenAll(endpoints.Kafka.Split(',').Select(address => ConnectAsync(address.Trim(), cancellationToken)));
        return Array.Exists(problems, p => p is null) ? null : problems[0];
    }

    private static string Silent => $"it does not answer within {Patience.TotalSeconds} s";

    private static string? Metadata(string bootstrapServers)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrapServers }).SetLogHandler((_, _) => { }).Build();
        try
        {
            admin.GetMetadata(Patience);
            return null;
        }
        catch (KafkaException e)
        {
            return e.Error.Code is ErrorCode.Local_TimedOut or ErrorCode.Local_Transport ? Silent : e.Error.Reason;
        }
    }

    private static async Task<string?> ConnectAsync(string address, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var client = new TcpClient();
        try
        {
            var (host, port) = Broker.Split(address);
            await client.ConnectAsync(host, port, limit.Token);
            return null;
        }
        catch (SocketException e)
        {
            return $"{address}: {e.Message}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{address}: {Silent}";
        }
    }
}

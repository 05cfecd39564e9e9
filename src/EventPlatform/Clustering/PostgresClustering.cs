using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Orleans.Configuration;

namespace EventPlatform.Clustering;

/// <summary>Cluster membership in the Postgres that holds the events: one thing less to run. Its tables have a schema of their own, <c>orleans</c>.</summary>
public static partial class PostgresClustering
{
    private const string Invariant = "Npgsql";
    private const string Schema = "orleans";

    /// <summary>Joins the cluster named by <c>Cluster:Id</c> through <c>ConnectionStrings:Postgres</c>.</summary>
    public static ISiloBuilder UsePostgresClustering(this ISiloBuilder silo)
    {
        var connectionString = ConnectionString(silo.Configuration);
        // A silo that dies is to be out within seconds, yet full load must not look like death: three missed probes, and not a single message in three times the longest
        // probe. That longest one is what decides about a silo that has gone silent with its connections open, as a machine without power does.
        silo.Configure<ClusterMembershipOptions>(o =>
        {
            o.ProbeTimeout = TimeSpan.FromSeconds(2);
            o.MaxProbeTimeout = TimeSpan.FromSeconds(4);
            o.NumMissedProbesLimit = 3;
            o.TableRefreshTimeout = TimeSpan.FromSeconds(10);
            // A silo joins only when every active one answers, and until then it votes only against those that gave no sign of life in the table for three of these: so long a
            // start waits for silos that died with their machines. The clocks of the silos must agree better than that.
            o.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
        });
        silo.Configure<ClusterOptions>(o => Identify(o, silo.Configuration));
        AddMigration(silo.Services, connectionString);
        return silo.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = (Invariant, connectionString));
    }

    /// <summary>Finds the cluster's gateways through <c>ConnectionStrings:Postgres</c>.</summary>
    public static IClientBuilder UsePostgresClustering(this IClientBuilder client)
    {
        var connectionString = ConnectionString(client.Configuration);
        client.Configure<ClusterOptions>(o => Identify(o, client.Configuration));
        client.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = TimeSpan.FromSeconds(5));
        AddMigration(client.Services, connectionString);
        return client.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = (Invariant, connectionString));
    }

    private static string ConnectionString(IConfiguration configuration)
    {
        var given = configuration.GetConnectionString("Postgres") ?? throw new InvalidOperationException(
            "ConnectionStrings:Postgres is not set (as an environment variable: ConnectionStrings__Postgres). The cluster and the events live there.");
        return new NpgsqlConnectionStringBuilder(given) { SearchPath = Schema, MaxPoolSize = 10, ApplicationName = "orleans membership" }.ConnectionString;
    }

    private static void Identify(ClusterOptions options, IConfiguration configuration) =>
        (options.ClusterId, options.ServiceId) = (configuration["Cluster:Id"] ?? "default", configuration["Cluster:ServiceId"] ?? "event-platform");

    // First of all hosted services: Orleans reads its queries from these tables as it starts.
    private static void AddMigration(IServiceCollection services, string connectionString) =>
        services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(provider =>
            new Migration(connectionString, provider.GetRequiredService<ILogger<Migration>>(), provider.GetRequiredService<TimeProvider>())));

    /// <summary>Creates Orleans' tables and queries where they are missing, one process at a time.</summary>
    internal sealed partial class Migration(string connectionString, ILogger<Migration> logger, TimeProvider time) : IHostedService
    {
        private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

        public async Task StartAsync(CancellationToken cancellationToken)
        {
            var said = false;
            while (true)
            {
                try
                {
                    await ApplyAsync(cancellationToken);
                    return;
                }
                catch (NpgsqlException e) when (e.IsTransient || e.InnerException is System.Net.Sockets.SocketException or IOException)
                {
                    if (!said)
                        LogWaiting(e.Message);
                    said = true;
                    await Task.Delay(RetryDelay, time, cancellationToken);
                }
            }
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        private async Task ApplyAsync(CancellationToken cancellationToken)
        {
            await using var connection = new NpgsqlConnection(connectionString);
            await connection.OpenAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await ExecuteAsync($"select pg_advisory_xact_lock(hashtextextended('{Schema} schema', 0)); create schema if not exists {Schema};");
            if (!await ExistsAsync())
            {
                await ExecuteAsync(Script("PostgreSQL-Main.sql"));
                await ExecuteAsync(Script("PostgreSQL-Clustering.sql"));
            }

            await transaction.CommitAsync(cancellationToken);

            async Task ExecuteAsync(string sql)
            {
                await using var command = new NpgsqlCommand(sql, connection, transaction);
                await command.ExecuteNonQueryAsync(cancellationToken);
            }

            async Task<bool> ExistsAsync()
            {
                await using var command = new NpgsqlCommand($"select to_regclass('{Schema}.orleansquery') is not null", connection, transaction);
                return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
            }
        }

        private static string Script(string name)
        {
            using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"EventPlatform.Clustering.{name}")!;
            return new StreamReader(stream).ReadToEnd();
        }

        [LoggerMessage(3000, LogLevel.Warning, "Postgres does not answer yet ({Reason}); waiting for it.")]
        private partial void LogWaiting(string reason);
    }
}

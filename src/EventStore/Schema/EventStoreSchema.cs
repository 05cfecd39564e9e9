using EventStore.Hosting;
using Marten;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EventStore.Schema;

/// <summary>
/// Creates and upgrades everything the store keeps in the database: Marten's tables, then ours by numbered scripts. Safe to run
/// from many processes at once: they take turns on an advisory lock.
/// </summary>
public sealed partial class EventStoreSchema
{
    private readonly StoreDataSources _dataSources;
    private readonly IDocumentStore _store;
    private readonly ILogger<EventStoreSchema> _logger;

    internal EventStoreSchema(StoreDataSources dataSources, IDocumentStore store, ILogger<EventStoreSchema> logger) =>
        (_dataSources, _store, _logger) = (dataSources, store, logger);

    /// <summary>Applies what is missing; does nothing when nothing is.</summary>
    /// <exception cref="InvalidOperationException">The database belongs to a newer version of the application.</exception>
    public async Task ApplyAsync(CancellationToken cancellationToken = default)
    {
        await using var connection = await _dataSources.Marten.OpenConnectionAsync(cancellationToken);
        await using var locked = await AdvisoryLock.AcquireAsync(connection, $"{_dataSources.Schema} schema", holder => LogWaiting(_dataSources.Schema, holder), cancellationToken);

        // Marten has no tables for events until a type of them is known; an application of jobs alone has none.
        await _store.Storage.Database.EnsureStorageExistsAsync(typeof(JasperFx.Events.IEvent), cancellationToken);
        await _store.Storage.ApplyAllConfiguredChangesToDatabaseAsync();
        await MigrateAsync(connection, cancellationToken);
    }

    private async Task MigrateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var migrations = Migration.All();
        var installed = await InstalledVersionAsync(connection, cancellationToken);
        if (installed > migrations[^1].Version)
            throw new InvalidOperationException(
                $"Schema '{_dataSources.Schema}' is at version {installed}, but this program knows only up to {migrations[^1].Version}. "
                + "A newer release has upgraded it: run that release, or restore a backup from before the upgrade.");

        foreach (var migration in migrations.Where(m => m.Version > installed))
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await ExecuteAsync(connection, migration.Sql, cancellationToken);
            await using var record = new NpgsqlCommand("insert into {schema}.schema_versions (version, name) values ($1, $2)"
                .Replace("{schema}", _dataSources.Schema, StringComparison.Ordinal), connection)
            {
                Parameters = { new() { Value = migration.Version }, new() { Value = migration.Name } },
            };
            await record.ExecuteNonQueryAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            LogMigrated(_dataSources.Schema, migration.Version, migration.Name);
        }
    }

    private async Task<int> InstalledVersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await ExecuteAsync(connection, """
            create table if not exists {schema}.schema_versions (
                version int primary key, name text not null, applied_at timestamptz not null default now());
            """, cancellationToken);
        await using var read = new NpgsqlCommand(
            $"select coalesce(max(version), 0) from {_dataSources.Schema}.schema_versions", connection);
        return (int)(await read.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql.Replace("{schema}", _dataSources.Schema, StringComparison.Ordinal), connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(2010, LogLevel.Information, "Schema '{Schema}' is now at version {Version} ({Name}).")]
    private partial void LogMigrated(string schema, int version, string name);

    [LoggerMessage(2011, LogLevel.Warning,
        "Schema '{Schema}' is being changed by another process, or held by one that hangs; waiting for it (said once). Its lock is held by {Holder}: if that does not end, end it with pg_terminate_backend.")]
    private partial void LogWaiting(string schema, string holder);
}

using EventStore.Appending;
using EventStore.Schema;
using Npgsql;

namespace EventStore.Hosting;

/// <summary>Runs the store's small statements, and turns what passes by itself into <see cref="StoreUnavailableException"/>.</summary>
internal sealed class StoreDatabase(StoreDataSources dataSources, StoreAvailability availability)
{
    public string Schema => dataSources.Schema;

    /// <summary>Reads every row; the parameters are never null.</summary>
    public Task<List<T>> QueryAsync<T>(string sql, object[] parameters, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) =>
        QueryAsync(sql, collection => Add(collection, parameters), read, cancellationToken);

    /// <summary>Reads every row.</summary>
    public Task<List<T>> QueryAsync<T>(
        string sql, Action<NpgsqlParameterCollection> parameters, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) =>
        RunAsync(async () =>
        {
            await using var command = dataSources.Store.CreateCommand(sql);
            parameters(command.Parameters);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var rows = new List<T>();
            while (await reader.ReadAsync(cancellationToken))
                rows.Add(read(reader));
            return rows;
        });

    /// <summary>Returns the number of rows changed; the parameters are never null.</summary>
    public Task<int> ExecuteAsync(string sql, object[] parameters, CancellationToken cancellationToken) =>
        ExecuteAsync(sql, collection => Add(collection, parameters), cancellationToken);

    /// <summary>Returns the number of rows changed.</summary>
    public Task<int> ExecuteAsync(string sql, Action<NpgsqlParameterCollection> parameters, CancellationToken cancellationToken) =>
        RunAsync(async () =>
        {
            await using var command = dataSources.Store.CreateCommand(sql);
            parameters(command.Parameters);
            return await command.ExecuteNonQueryAsync(cancellationToken);
        });

    /// <summary>Takes a lock that every process of the store knows, or returns null when another holds it.</summary>
    public Task<AdvisoryLock?> TryLockAsync(string name, CancellationToken cancellationToken) =>
        RunAsync(() => AdvisoryLock.TryAcquireAsync(dataSources.Store, $"{Schema} {name}", cancellationToken));

    private static void Add(NpgsqlParameterCollection collection, object[] parameters)
    {
        foreach (var value in parameters)
            collection.Add(new() { Value = value });
    }

    private async Task<T> RunAsync<T>(Func<Task<T>> run)
    {
        try
        {
            var result = await run();
            availability.Succeeded();
            return result;
        }
        catch (Exception e) when (TransientErrors.IsTransient(e))
        {
            availability.Failed(e);
            throw new StoreUnavailableException($"Postgres does not answer; try again. {e.Message}", e);
        }
    }
}

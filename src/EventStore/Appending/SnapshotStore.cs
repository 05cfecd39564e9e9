using EventStore.Hosting;
using Microsoft.Extensions.Logging;

namespace EventStore.Appending;

internal sealed partial class SnapshotStore(StoreDataSources dataSources, ILogger<SnapshotStore> logger) : ISnapshotStore
{
    private readonly string _sql = $"""
        insert into {dataSources.Schema}.snapshots as s (stream_key, aggregate_name, state_version, version, state) values ($1, $2, $3, $4, $5::jsonb)
        on conflict (stream_key, aggregate_name) do update
        set state_version = excluded.state_version, version = excluded.version, state = excluded.state, taken_at = now()
        where (s.state_version, s.version) < (excluded.state_version, excluded.version)
        """;

    public async ValueTask SaveAsync(string streamKey, string aggregateName, StateSnapshot snapshot, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var command = dataSources.Store.CreateCommand(_sql);
            command.Parameters.Add(new() { Value = streamKey });
            command.Parameters.Add(new() { Value = aggregateName });
            command.Parameters.Add(new() { Value = snapshot.StateVersion });
            command.Parameters.Add(new() { Value = snapshot.Version });
            command.Parameters.Add(new() { Value = snapshot.State });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogLost(e, streamKey, snapshot.Version);
        }
    }

    [LoggerMessage(2020, LogLevel.Warning, "The snapshot of {StreamKey} at version {Version} was not stored. The next activation reads more events.")]
    private partial void LogLost(Exception exception, string streamKey, long version);
}

using System.Data;
using EventStore.Hosting;
using EventStore.Reading;
using Npgsql;
using NpgsqlTypes;

namespace EventStore.Appending;

/// <summary>
/// Loads many streams at once. One snapshot of the database answers all its parts: positions newer than the events beside them would
/// make a grain skip records whose events it has not seen.
/// </summary>
internal sealed class LoadQuery(StoreDataSources dataSources)
{
    private readonly string _streams = $"""
        select r.ord, coalesce(m.version, 0), s.version, s.state::text
        from unnest($1, $2, $3, $4) with ordinality r(key, aggregate, state_version, after, ord)
        left join {dataSources.Schema}.mt_streams m on m.id = r.key
        left join {dataSources.Schema}.snapshots s on r.after is null and s.stream_key = r.key and s.aggregate_name = r.aggregate
            and s.state_version = r.state_version and s.version <= m.version
        """;

    private readonly string _events = $"""
        select r.ord, {EventRow.Columns("e")}
        from unnest($1, $2, $3, $4) with ordinality r(key, aggregate, state_version, after, ord)
        left join {dataSources.Schema}.mt_streams m on m.id = r.key
        left join {dataSources.Schema}.snapshots s on r.after is null and s.stream_key = r.key and s.aggregate_name = r.aggregate
            and s.state_version = r.state_version and s.version <= m.version
        cross join lateral (
            select * from {dataSources.Schema}.mt_events e
            where e.stream_id = r.key and e.version > coalesce(r.after, s.version, 0)
            order by e.version) e
        order by r.ord, e.version
        """;

    private readonly string _positions = $"""
        select r.ord, p.topic, p.incarnation, p.partition, p.record_offset
        from unnest($1) with ordinality r(key, ord)
        join {dataSources.Schema}.positions p on p.stream_key = r.key
        """;

    public async Task<StreamContents[]> ExecuteAsync(IReadOnlyList<LoadRequest> requests, CancellationToken cancellationToken)
    {
        await using var connection = await dataSources.Store.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction) { BatchCommands = { Command(_streams), Command(_events), Command(_positions) } };
        AddParameters(requests, batch.BatchCommands);

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var streams = new (long Version, StateSnapshot? Snapshot, List<StoredEvent> Events, List<RecordCoordinates> Positions)[requests.Count];
        while (await reader.ReadAsync(cancellationToken))
        {
            var i = (int)reader.GetInt64(0) - 1;
            streams[i] = (reader.GetInt64(1),
                reader.IsDBNull(2) ? null : new StateSnapshot(requests[i].StateVersion, reader.GetInt64(2), reader.GetString(3)), [], []);
        }

        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            streams[(int)reader.GetInt64(0) - 1].Events.Add(EventRow.Read(reader, 1));

        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            streams[(int)reader.GetInt64(0) - 1].Positions.Add(
                new RecordCoordinates(reader.GetString(1), reader.GetString(2), reader.GetInt32(3), reader.GetInt64(4)));

        return [.. streams.Select(s => new StreamContents(s.Version, s.Snapshot, s.Events, s.Positions))];
    }

    private static NpgsqlBatchCommand Command(string sql) => new(sql);

    private static void AddParameters(IReadOnlyList<LoadRequest> requests, NpgsqlBatchCommandCollection commands)
    {
        var keys = requests.Select(r => r.StreamKey).ToArray();
        foreach (var command in (NpgsqlBatchCommand[])[commands[0], commands[1]])
        {
            command.Parameters.Add(new() { Value = keys });
            command.Parameters.Add(new() { Value = requests.Select(r => r.AggregateName).ToArray() });
            command.Parameters.Add(new() { Value = requests.Select(r => r.StateVersion).ToArray() });
            command.Parameters.Add(new() { Value = requests.Select(r => r.AfterVersion).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
        }

        commands[2].Parameters.Add(new() { Value = keys });
    }
}

using EventStore.Appending;
using Npgsql;

namespace Cli.Audit;

/// <summary>The store's tables, read with plain SQL.</summary>
internal sealed class StoreTables(NpgsqlDataSource database, string schema)
{
    private const string EventColumns = "stream_id, version, id, type, data::text, headers::text";

    /// <summary>The schema that holds the tables.</summary>
    public string Schema => schema;

    /// <summary>A partition's events in the order of their sequence.</summary>
    public IAsyncEnumerable<AuditedEvent> EventsOfPartitionAsync(string topic, string incarnation, int partition) => EventsAsync(
        $"select {EventColumns} from {schema}.mt_events where headers ->> 'topic' = $1 and headers ->> 'incarnation' = $2 and (headers ->> 'partition')::int = $3 order by seq_id",
        topic, incarnation, partition);

    /// <summary>The events of some streams, by stream and version.</summary>
    public IAsyncEnumerable<AuditedEvent> EventsOfStreamsAsync(string[] streamKeys) => EventsAsync(
        $"select {EventColumns} from {schema}.mt_events where stream_id = any($1) order by stream_id, version", (object)streamKeys);

    /// <summary>Events that no record of a known topic caused: those of commands, and those of nobody knows whom.</summary>
    public IAsyncEnumerable<AuditedEvent> EventsWithoutRecordAsync() => EventsAsync(
        $"select {EventColumns} from {schema}.mt_events where headers ->> 'topic' is null order by seq_id");

    public IAsyncEnumerable<AuditedLedgerRow> LedgerAsync(string topic, string incarnation, int partition) => ReadAsync(
        $"""
        select record_offset, event_id, stream_key, outcome, source ->> 'digest',
               outcome <> 3 or exists (select from {schema}.mt_events e where e.id = l.event_id)
                            or exists (select from {schema}.ledger f where f.event_id = l.event_id and f.outcome <> 3),
               coalesce((source ->> 'reprocessed')::bool, false)
        from {schema}.ledger l where topic = $1 and incarnation = $2 and partition = $3 order by id
        """,
        r => new AuditedLedgerRow(r.GetInt64(0), r.GetGuid(1), r.GetString(2), r.GetInt16(3), r.GetString(4), r.GetBoolean(5), r.GetBoolean(6)), topic, incarnation, partition);

    public IAsyncEnumerable<AuditedDeadLetter> DeadLettersAsync(string topic, string incarnation, int partition) => ReadAsync(
        $"select record_offset, kind, status, consumer, payload from {schema}.dead_letters where topic = $1 and incarnation = $2 and partition = $3 and consumer not like 'job/%' order by id",
        r => new AuditedDeadLetter(
            r.GetInt64(0), r.GetInt16(1), r.GetInt16(2), r.GetString(3), r.IsDBNull(4) ? null : r.GetFieldValue<byte[]>(4)), topic, incarnation, partition);

    public IAsyncEnumerable<(string StreamKey, long Offset)> PositionsAsync(string topic, string incarnation, int partition) => ReadAsync(
        $"select stream_key, record_offset from {schema}.positions where topic = $1 and incarnation = $2 and partition = $3",
        r => (r.GetString(0), r.GetInt64(1)), topic, incarnation, partition);

    public async Task<long?> CheckpointAsync(string topic, string incarnation, int partition)
    {
        await foreach (var offset in ReadAsync(
            $"select next_offset from {schema}.checkpoints where topic = $1 and incarnation = $2 and partition = $3 and next_offset is not null",
            r => r.GetInt64(0), topic, incarnation, partition))
            return offset;
        return null;
    }

    /// <summary>The incarnation read last, for a broker that has no topic ids.</summary>
    public async Task<string?> LastIncarnationAsync(string topic)
    {
        await foreach (var incarnation in ReadAsync(
            $"select incarnation from {schema}.checkpoints where topic = $1 order by changed_at desc limit 1", r => r.GetString(0), topic))
            return incarnation;
        return null;
    }

    /// <summary>Rows of a topic's incarnation that name a partition that it does not have, or an offset at or beyond its end.</summary>
    public IAsyncEnumerable<(string What, int Partition, long Offset)> RowsBeyondAsync(string topic, string incarnation, long[] ends) => ReadAsync(
        $"""
        select r.what || ' names ' || $1 || '/' || r.partition || ' offset ' || r.record_offset, r.partition, r.record_offset
        from ({Rows}) r
        where r.topic = $1 and r.incarnation = $2
            and (r.partition not between 0 and cardinality($3) - 1 or r.record_offset not between 0 and $3[r.partition + 1] - 1)
        """,
        r => (r.GetString(0), r.GetInt32(1), r.GetInt64(2)), topic, incarnation, ends);

    /// <summary>Rows that name a topic other than these.</summary>
    public IAsyncEnumerable<string> RowsOfOtherTopicsAsync(params string[] topics) => ReadAsync(
        $"select r.what || ' names ' || r.topic from ({Rows}) r where r.topic <> all($1)", r => r.GetString(0), (object)topics);

    private string Rows => $"""
        select 'event ' || version || ' of ' || stream_id as what, headers ->> 'topic' as topic, headers ->> 'incarnation' as incarnation,
            (headers ->> 'partition')::int as partition, (headers ->> 'offset')::bigint as record_offset
        from {schema}.mt_events where headers ->> 'topic' is not null
        union all select 'ledger row ' || id, topic, incarnation, partition, record_offset from {schema}.ledger where topic is not null
        union all select 'dead letter ' || id, topic, incarnation, partition, record_offset from {schema}.dead_letters
        union all select 'the position of ' || stream_key, topic, incarnation, partition, record_offset from {schema}.positions
        """;

    /// <summary>Streams whose versions are not 1, 2, 3, ... up to what the stream's row says.</summary>
    public IAsyncEnumerable<string> BrokenStreamsAsync() => ReadAsync(
        $"""
        select coalesce(s.id, e.stream_id) || ': ' || coalesce(e.events, 0) || ' events, the last of version ' || coalesce(e.last, 0) || ', but the stream''s row says ' || coalesce(s.version::text, 'nothing')
        from (select stream_id, count(*) as events, max(version) as last from {schema}.mt_events group by stream_id) e
        full join {schema}.mt_streams s on s.id = e.stream_id
        where coalesce(e.events, 0) <> coalesce(e.last, 0) or coalesce(e.last, 0) is distinct from coalesce(s.version, 0)
        """,
        r => r.GetString(0));

    private IAsyncEnumerable<AuditedEvent> EventsAsync(string sql, params object[] parameters) => ReadAsync(
        sql, r => new AuditedEvent(
            r.GetString(0), r.GetInt64(1), r.GetGuid(2), r.GetString(3), r.GetString(4), r.IsDBNull(5) ? null : EventHeaders.Read(r.GetString(5))), parameters);

    public async IAsyncEnumerable<T> ReadAsync<T>(string sql, Func<NpgsqlDataReader, T> read, params object[] parameters)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 0;
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            yield return read(reader);
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Npgsql;

namespace Cli.Certificates;

/// <summary>Reads the store's tables by page, in their own order: each page is a statement of its own, and what is kept does not grow with them.</summary>
internal sealed class StoreSide(NpgsqlDataSource database, string schema)
{
    public const int PageSize = 1_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// The last sequence number and ledger row once every transaction that ran when they were read has ended: below them nothing can appear any more.
    /// </summary>
    public async Task<(long Sequence, long LedgerRow)> BoundAsync(CancellationToken cancellationToken)
    {
        var (sequence, ledger, next) = await OneAsync(
            $"""
            select (select coalesce(max(seq_id), 0) from {schema}.mt_events), (select coalesce(max(id), 0) from {schema}.ledger),
                pg_snapshot_xmax(pg_current_snapshot())::text::bigint
            """, r => (r.GetInt64(0), r.GetInt64(1), r.GetInt64(2)), cancellationToken);
        while (await OneAsync("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint", r => r.GetInt64(0), cancellationToken) < next)
            await Task.Delay(Pause, cancellationToken);
        return (sequence, ledger);
    }

    /// <summary>The version of Postgres and of the store's schema.</summary>
    public Task<(string Postgres, int Schema)> VersionsAsync(CancellationToken cancellationToken) => OneAsync(
        $"select current_setting('server_version'), (select max(version) from {schema}.schema_versions)", r => (r.GetString(0), r.GetInt32(1)), cancellationToken);

    /// <summary>A page of events after a sequence number.</summary>
    public Task<List<EventLine>> EventsAsync(long after, long upTo, CancellationToken cancellationToken) => PageAsync(
        $"""
        select seq_id, id, stream_id, version, type, data::text, headers::text, (extract(epoch from timestamp) * 1000000)::bigint
        from {schema}.mt_events where seq_id > $1 and seq_id <= $2 order by seq_id limit {PageSize}
        """, r => new EventLine(
            r.GetInt64(0), r.GetGuid(1), r.GetString(2), r.GetInt64(3), r.GetString(4), r.GetString(5), r.IsDBNull(6) ? null : r.GetString(6), r.GetInt64(7)),
        cancellationToken, after, upTo);

    /// <summary>A page of the ledger after a row.</summary>
    public Task<List<LedgerLine>> LedgerAsync(long after, long upTo, CancellationToken cancellationToken) => PageAsync(
        $"select id, event_id, stream_key, outcome, reason, source::text from {schema}.ledger where id > $1 and id <= $2 order by id limit {PageSize}",
        r => new LedgerLine(r.GetInt64(0), r.GetGuid(1), r.GetString(2), r.GetInt16(3), r.IsDBNull(4) ? null : r.GetString(4), r.GetString(5)),
        cancellationToken, after, upTo);

    /// <summary>A page of the dead letters after a row.</summary>
    public Task<List<DeadLetterLine>> DeadLettersAsync(long after, CancellationToken cancellationToken) => PageAsync(
        $"select id, topic, incarnation, partition, record_offset, event_id from {schema}.dead_letters where id > $1 and consumer not like 'job/%' order by id limit {PageSize}",
        r => new DeadLetterLine(r.GetInt64(0), new(r.GetString(1), r.GetString(2), r.GetInt32(3), r.GetInt64(4)), r.IsDBNull(5) ? null : r.GetString(5)),
        cancellationToken, after);

    /// <summary>A page of streams after a key, each with what its row says and what its events up to a sequence number say.</summary>
    public Task<List<StreamLine>> StreamsAsync(string after, long upTo, CancellationToken cancellationToken) => PageAsync(
        $"""
        select s.id, s.version, e.events, e.last
        from (select id, version from {schema}.mt_streams where id > $1 order by id limit {PageSize}) s
        cross join lateral (
            select count(*) as events, coalesce(max(version), 0) as last from {schema}.mt_events where stream_id = s.id and seq_id <= $2) e
        order by s.id
        """, r => new StreamLine(r.GetString(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3)), cancellationToken, after, upTo);

    /// <summary>Of some events of records, those whose stream says that it has not read so far: nothing of ours stored them.</summary>
    public Task<List<string>> BeyondPositionAsync(EventLine[] events, CancellationToken cancellationToken) => PageAsync(
        $"""
        select e.stream || ' version ' || e.version
        from unnest($1, $2, $3, $4, $5, $6) e(stream, version, topic, incarnation, partition, record_offset)
        where not exists (
            select from {schema}.positions p where p.stream_key = e.stream and p.topic = e.topic and p.incarnation = e.incarnation
                and p.partition = e.partition and p.record_offset >= e.record_offset)
        """, r => r.GetString(0), cancellationToken,
        events.Select(e => e.StreamKey).ToArray(), events.Select(e => e.Version).ToArray(), events.Select(e => e.Source!.Record!.Topic).ToArray(),
        events.Select(e => e.Source!.Record!.Incarnation).ToArray(), events.Select(e => e.Source!.Record!.Partition).ToArray(),
        events.Select(e => e.Source!.Record!.Offset).ToArray());

    public async Task<List<T>> PageAsync<T>(string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = database.CreateCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>(PageSize);
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(read(reader));
        return rows;
    }

    private async Task<T> OneAsync<T>(string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) =>
        (await PageAsync(sql, read, cancellationToken)).Single();
}

/// <summary>Where a record lies.</summary>
internal sealed record Coordinates(string Topic, string Incarnation, int Partition, long Offset);

/// <summary>What an event or ledger row says of its origin.</summary>
internal sealed record Origin(Coordinates? Record, string? Command, int Index, bool Reprocessed)
{
    /// <summary>Null when the text is not what our writer writes.</summary>
    public static Origin? Read(string? json)
    {
        if (json is null)
            return null;
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object || Text("digest") is null)
            return null;
        var record = Text("topic") is { } topic && Number("partition") is { } partition && Number("offset") is { } offset
            ? new Coordinates(topic, Text("incarnation") ?? "", (int)partition, offset) : null;
        return new(record, Text("command"), (int)(Number("index") ?? 0), root.TryGetProperty("reprocessed", out var again) && again.ValueKind == JsonValueKind.True);

        string? Text(string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        long? Number(string name) => root.TryGetProperty(name, out var value) && value.TryGetInt64(out var number) ? number : null;
    }
}

/// <summary>An event, as the store holds it.</summary>
internal sealed record EventLine(
    long Sequence, Guid Id, string StreamKey, long Version, string Type, string Data, string? Headers, long Microseconds)
{
    public Origin? Source { get; } = Origin.Read(Headers);

    public void AddTo(IncrementalHash hash) => Bytes.Add(hash, Sequence, Id.ToString("D"), StreamKey, Version, Type, Data, Headers, Microseconds);
}

/// <summary>A row of the ledger, as the store holds it.</summary>
internal sealed record LedgerLine(long Id, Guid EventId, string StreamKey, int Outcome, string? Reason, string SourceText)
{
    public Origin? Source { get; } = Origin.Read(SourceText);

    public void AddTo(IncrementalHash hash) => Bytes.Add(hash, Id, EventId.ToString("D"), StreamKey, Outcome, Reason, SourceText);
}

internal sealed record DeadLetterLine(long Id, Coordinates Record, string? EventId);

internal sealed record StreamLine(string Key, long Version, long Events, long Last);

/// <summary>Values as bytes, each with its length, so that no two rows give the same bytes.</summary>
internal static class Bytes
{
    public static void Add(IncrementalHash hash, params ReadOnlySpan<object?> values)
    {
        foreach (var value in values)
        {
            var bytes = value is null ? null : Encoding.UTF8.GetBytes(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!);
            hash.AppendData(BitConverter.GetBytes(bytes?.Length ?? -1));
            hash.AppendData(bytes ?? []);
        }
    }
}

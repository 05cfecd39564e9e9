using EventStore.Appending;
using EventStore.DeadLetters;
using EventStore.Hosting;
using NpgsqlTypes;

namespace EventStore.Reading;

internal sealed class EventReader(StoreDatabase database) : IEventReader
{
    private static readonly string Columns = EventRow.Columns("e");

    private readonly string _stream =
        $"select {Columns} from {database.Schema}.mt_events e where e.stream_id = $1 and e.version > $2 order by e.version limit $3";

    private readonly string _all =
        $"select {Columns} from {database.Schema}.mt_events e where e.seq_id > $1 and ($2::bigint is null or e.seq_id <= $2) order by e.seq_id limit $3";

    private readonly string _newest = $"select {Columns} from {database.Schema}.mt_events e order by e.seq_id desc limit $1";

    private readonly string _event = $"select {Columns} from {database.Schema}.mt_events e where e.id = $1";

    private readonly string _ledger =
        $"select stream_key, event_id, outcome, reason, source::text, recorded_at from {database.Schema}.ledger where event_id = $1 order by id";

    // A producer may write its UUIDs in upper case; the text was stored as it came.
    private readonly string _deadLetters =
        $"select {DeadLetterRow.Columns} from {database.Schema}.dead_letters where event_id in ($1, lower($1), upper($1)) order by id";

    public async ValueTask<IReadOnlyList<StoredEvent>> ReadStreamAsync(
        string streamKey, long afterVersion, int limit, CancellationToken cancellationToken = default) =>
        StorableText.IsStorable(streamKey)
            ? await database.QueryAsync(_stream, [streamKey, afterVersion, limit], row => EventRow.Read(row), cancellationToken)
            : [];

    public async ValueTask<IReadOnlyList<StoredEvent>> ReadAllAsync(
        long afterSequence, int limit, long? upTo = null, CancellationToken cancellationToken = default) =>
        await database.QueryAsync(_all, parameters =>
        {
            parameters.Add(new() { Value = afterSequence });
            parameters.Add(new() { Value = (object?)upTo ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
            parameters.Add(new() { Value = limit });
        }, row => EventRow.Read(row), cancellationToken);

    public async ValueTask<IReadOnlyList<StoredEvent>> ReadNewestAsync(int limit, CancellationToken cancellationToken = default) =>
        await database.QueryAsync(_newest, [limit], row => EventRow.Read(row), cancellationToken);

    public async ValueTask<EventTrace> FindAsync(Guid eventId, string? asWritten = null, CancellationToken cancellationToken = default)
    {
        // The event comes last: a repetition of it is in the ledger only once it is stored, and no answer shows the one without the other.
        var ledger = await database.QueryAsync(_ledger, [eventId], row => new StoredLedgerEntry(
            row.GetString(0),
            new LedgerEntry(row.GetGuid(1), (LedgerOutcome)row.GetInt16(2), row.IsDBNull(3) ? null : row.GetString(3),
                EventHeaders.Read(row.GetString(4)) ?? new EventSource(null, null, "")),
            row.GetFieldValue<DateTimeOffset>(5)), cancellationToken);
        var letters = await database.QueryAsync(_deadLetters, [DeadLetterColumns.IndexedEventId(asWritten ?? eventId.ToString())!], DeadLetterRow.Read, cancellationToken);
        var found = await database.QueryAsync(_event, [eventId], row => EventRow.Read(row), cancellationToken);
        return new EventTrace(found.SingleOrDefault(), ledger, letters);
    }
}

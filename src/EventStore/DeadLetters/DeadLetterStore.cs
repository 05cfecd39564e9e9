using EventStore.Hosting;
using NpgsqlTypes;

namespace EventStore.DeadLetters;

internal sealed class DeadLetterStore(StoreDatabase database) : IDeadLetterStore
{
    private const string Matches = "($1::text is null or topic = $1) and ($2::smallint is null or kind = $2) and ($3::smallint is null or status = $3)";

    private readonly string _add = $"""
        insert into {database.Schema}.dead_letters (topic, incarnation, partition, record_offset, consumer, kind, reason, exception, key, event_id,
            schema_id, payload, record_timestamp)
        select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        on conflict (topic, incarnation, partition, record_offset, consumer) do nothing
        """;

    private readonly string _list =
        $"select {DeadLetterRow.Columns} from {database.Schema}.dead_letters where {Matches} and ($4::bigint is null or id < $4) order by id desc limit $5";

    private readonly string _get = $"select {DeadLetterRow.Columns} from {database.Schema}.dead_letters where id = $1";

    private readonly string _count = $"select count(*) from {database.Schema}.dead_letters where {Matches}";

    // A record that reached its stream is reprocessed, also when it was discarded meanwhile.
    private readonly string _close = $"""
        with closed as (
            update {database.Schema}.dead_letters set status = $2, changed_at = now() where id = $1 and (status = 1 or status = 3 and $2 = 2)
            returning id, topic, partition, record_offset)
        insert into {database.Schema}.operator_actions (operator, action, subject, detail)
        select $3, $4, format('dead letter %s (%s/%s@%s)', id, topic, partition, record_offset), $5 from closed
        """;

    public async ValueTask AddAsync(DeadLetter letter, CancellationToken cancellationToken = default)
    {
        if (await database.ExecuteAsync(_add, parameters => DeadLetterColumns.Add([letter], parameters), cancellationToken) > 0)
            StoreMetrics.Count(letter);
    }

    public async ValueTask<IReadOnlyList<StoredDeadLetter>> ListAsync(
        DeadLetterFilter filter, long? before, int limit, CancellationToken cancellationToken = default) =>
        await database.QueryAsync(_list, parameters =>
        {
            Add(parameters, filter);
            parameters.Add(new() { Value = (object?)before ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
            parameters.Add(new() { Value = limit });
        }, DeadLetterRow.Read, cancellationToken);

    public async ValueTask<StoredDeadLetter?> GetAsync(long id, CancellationToken cancellationToken = default) =>
        (await database.QueryAsync(_get, [id], DeadLetterRow.Read, cancellationToken)).SingleOrDefault();

    public async ValueTask<long> CountAsync(DeadLetterFilter filter, CancellationToken cancellationToken = default) =>
        (await database.QueryAsync(_count, parameters => Add(parameters, filter), row => row.GetInt64(0), cancellationToken))[0];

    public async ValueTask<IAsyncDisposable?> TryClaimAsync(long id, CancellationToken cancellationToken = default) =>
        await database.TryLockAsync($"dead letter {id}", cancellationToken);

    public async ValueTask<bool> CloseAsync(
        long id, DeadLetterStatus status, string who, string? detail, CancellationToken cancellationToken = default)
    {
        if (status is not (DeadLetterStatus.Reprocessed or DeadLetterStatus.Discarded))
            throw new ArgumentOutOfRangeException(nameof(status), status, "A dead letter ends as reprocessed or discarded.");
        return await database.ExecuteAsync(_close, parameters =>
        {
            parameters.Add(new() { Value = id });
            parameters.Add(new() { Value = (short)status });
            parameters.Add(new() { Value = who });
            parameters.Add(new() { Value = status == DeadLetterStatus.Reprocessed ? "reprocess" : "discard" });
            parameters.Add(new() { Value = (object?)detail ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        }, cancellationToken) > 0;
    }

    private static void Add(Npgsql.NpgsqlParameterCollection parameters, DeadLetterFilter filter)
    {
        parameters.Add(new() { Value = (object?)filter.Topic ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        parameters.Add(new() { Value = (object?)(short?)filter.Kind ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Smallint });
        parameters.Add(new() { Value = (object?)(short?)filter.Status ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Smallint });
    }
}

using EventStore.Hosting;

namespace EventStore.DeadLetters;

internal sealed class DeadLetterOutbox(StoreDatabase database) : IDeadLetterOutbox
{
    private const string Free = "mirrored_at is null and coalesce(mirror_claimed_until < now(), true)";

    private readonly string _claim = $"""
        with oldest as (
            select id, coalesce(octet_length(payload), 0) as size from {database.Schema}.dead_letters where {Free} order by id limit $1),
        chosen as (select id, sum(size) over (order by id) - size as before from oldest),
        claimed as (
            update {database.Schema}.dead_letters set mirror_claimed_until = now() + $3
            where id in (
                select id from {database.Schema}.dead_letters
                where id in (select id from chosen where before < $2) and {Free} order by id for update skip locked)
            returning {DeadLetterRow.Columns})
        select {DeadLetterRow.Columns} from claimed order by id
        """;

    private readonly string _settle = $"""
        update {database.Schema}.dead_letters
        set mirror_claimed_until = null, mirrored_at = case when id = any($1) then now() end
        where id = any($1 || $2) and mirrored_at is null
        """;

    private readonly string _count = $"select count(*) from {database.Schema}.dead_letters where mirrored_at is null";

    public async ValueTask<IReadOnlyList<StoredDeadLetter>> ClaimAsync(
        int limit, long maxBytes, TimeSpan until, CancellationToken cancellationToken = default) =>
        await database.QueryAsync(_claim, [limit, maxBytes, until], DeadLetterRow.Read, cancellationToken);

    public async ValueTask SettleAsync(IReadOnlyList<long> published, IReadOnlyList<long> failed, CancellationToken cancellationToken = default) =>
        await database.ExecuteAsync(_settle, [published.ToArray(), failed.ToArray()], cancellationToken);

    public async ValueTask<long> CountAsync(CancellationToken cancellationToken = default) =>
        (await database.QueryAsync(_count, [], row => row.GetInt64(0), cancellationToken))[0];
}

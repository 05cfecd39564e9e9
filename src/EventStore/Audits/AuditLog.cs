using EventStore.Hosting;
using Npgsql;
using NpgsqlTypes;

namespace EventStore.Audits;

internal sealed class AuditLog(StoreDatabase database) : IAuditLog
{
    private readonly string _select = $"""
        select id, kind, case when state = 1 and seen_at < now() - interval '1 minute' then {(int)AuditState.Abandoned} else state end, step, done, total,
            findings, certificate is not null, started_by, started_at, finished_at
        from {database.Schema}.audits
        """;

    public async ValueTask<IReadOnlyList<AuditEntry>> ListAsync(long? before, int limit, CancellationToken cancellationToken = default) =>
        await database.QueryAsync($"{_select} where $1::bigint is null or id < $1 order by id desc limit $2", parameters =>
        {
            parameters.Add(new() { Value = (object?)before ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
            parameters.Add(new() { Value = limit });
        }, Read, cancellationToken);

    public async ValueTask<AuditEntry?> GetAsync(long id, CancellationToken cancellationToken = default) =>
        (await database.QueryAsync($"{_select} where id = $1", [id], Read, cancellationToken)).SingleOrDefault();

    public async ValueTask<string?> CertificateAsync(long id, CancellationToken cancellationToken = default) => (await database.QueryAsync(
        $"select certificate::text from {database.Schema}.audits where id = $1 and certificate is not null", [id], row => row.GetString(0), cancellationToken)).SingleOrDefault();

    private static AuditEntry Read(NpgsqlDataReader row) => new(
        row.GetInt64(0), (AuditKind)row.GetInt16(1), (AuditState)row.GetInt32(2), row.IsDBNull(3) ? null : row.GetString(3), row.GetInt64(4), row.GetInt64(5),
        row.GetFieldValue<string[]>(6), row.GetBoolean(7), row.GetString(8), row.GetFieldValue<DateTimeOffset>(9),
        row.IsDBNull(10) ? null : row.GetFieldValue<DateTimeOffset>(10));
}

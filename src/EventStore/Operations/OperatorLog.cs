using EventStore.Hosting;
using Npgsql;
using NpgsqlTypes;

namespace EventStore.Operations;

internal sealed class OperatorLog(StoreDatabase database) : IOperatorLog
{
    private readonly string _list = $"""
        select id, operator, action, subject, detail, done_at from {database.Schema}.operator_actions
        where $1::bigint is null or id < $1 order by id desc limit $2
        """;

    public async ValueTask RecordAsync(string who, string action, string subject, string? detail, CancellationToken cancellationToken = default)
    {
        var record = Command(database.Schema, who, action, subject, detail);
        await database.ExecuteAsync(record.CommandText, parameters =>
        {
            foreach (NpgsqlParameter parameter in record.Parameters)
                parameters.Add(parameter.Clone());
        }, cancellationToken);
    }

    public async ValueTask<IReadOnlyList<OperatorAction>> ListAsync(long? before, int limit, CancellationToken cancellationToken = default) =>
        await database.QueryAsync(_list, parameters =>
        {
            parameters.Add(new() { Value = (object?)before ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
            parameters.Add(new() { Value = limit });
        }, row => new OperatorAction(row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3),
            row.IsDBNull(4) ? null : row.GetString(4), row.GetFieldValue<DateTimeOffset>(5)), cancellationToken);

    /// <summary>The statement that records an act, for the transaction of the act itself.</summary>
    public static NpgsqlBatchCommand Command(string schema, string who, string action, string subject, string? detail) =>
        new($"insert into {schema}.operator_actions (operator, action, subject, detail) values ($1, $2, $3, $4)")
        {
            Parameters =
            {
                new() { Value = who }, new() { Value = action }, new() { Value = subject },
                new() { Value = (object?)detail ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
            },
        };
}

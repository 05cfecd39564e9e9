using Chaos.Checking;
using Npgsql;

namespace Chaos.Running;

/// <summary>Reads what the store holds, with plain SQL.</summary>
internal static class StoreReader
{
    public static async Task<StoreContents> ReadAsync(string postgres)
    {
        await using var database = NpgsqlDataSource.Create(postgres);
        return new StoreContents
        {
            Events = await RowsAsync(
                """
                select seq_id, id, stream_id, version, type, data::text, headers ->> 'topic', (headers ->> 'partition')::int, (headers ->> 'offset')::bigint,
                    headers ->> 'command', coalesce((headers ->> 'index')::int, 0) from streaming.mt_events order by seq_id
                """,
                r => new Event(r.GetInt64(0), r.GetGuid(1), r.GetString(2), r.GetInt64(3), r.GetString(4), r.GetString(5), PlaceAt(r, 6), Text(r, 9), r.GetInt32(10))),
            Ledger = await RowsAsync("select event_id, stream_key, outcome, topic, partition, record_offset, source ->> 'command' from streaming.ledger order by id",
                r => new LedgerRow(r.GetGuid(0), r.GetString(1), r.GetInt16(2), PlaceAt(r, 3), Text(r, 6))),
            DeadLetters = await RowsAsync("select topic, partition, record_offset, key, kind, reason from streaming.dead_letters where consumer not like 'job/%' order by id",
                r => new DeadLetterRow(PlaceAt(r, 0)!.Value, Text(r, 3), r.GetInt16(4), r.GetString(5))),
            Streams = (await RowsAsync("select id, version from streaming.mt_streams", r => (r.GetString(0), r.GetInt64(1)))).ToDictionary(s => s.Item1, s => s.Item2),
            Positions = await RowsAsync("select stream_key, topic, partition, record_offset from streaming.positions", r => new Position(r.GetString(0), r.GetString(1), r.GetInt32(2), r.GetInt64(3))),
            Documents = await DocumentsAsync(),
        };

        async Task<Dictionary<string, IReadOnlyDictionary<string, string>>> DocumentsAsync()
        {
            var documents = new Dictionary<string, IReadOnlyDictionary<string, string>>();
            foreach (var (name, table) in await RowsAsync("select name, table_name from streaming.projection_generations where stage = 2 and kind = 1", r => (r.GetString(0), r.GetString(1))))
                documents[name] = (await RowsAsync($"select key, doc::text from streaming.{table}", r => (r.GetString(0), r.GetString(1)))).ToDictionary(d => d.Item1, d => d.Item2);
            return documents;
        }

        async Task<List<T>> RowsAsync<T>(string sql, Func<NpgsqlDataReader, T> read)
        {
            await using var command = database.CreateCommand(sql);
            await using var reader = await command.ExecuteReaderAsync();
            var rows = new List<T>();
            while (await reader.ReadAsync())
                rows.Add(read(reader));
            return rows;
        }
    }

    /// <summary>What still moves, or null when all is at rest: projections behind, transfers on their way.</summary>
    public static async Task<string?> MovingAsync(string postgres)
    {
        await using var database = NpgsqlDataSource.Create(postgres);
        await using var command = database.CreateCommand("""
            select string_agg(what, ', ') from (
                select g.name || ' at ' || g.sequence || ' of ' || n.newest as what from streaming.projection_generations g, (select coalesce(max(seq_id), 0) as newest from streaming.mt_events) n
                where g.stage = 2 and g.sequence < n.newest
                union all
                select 'transfer ' || s.id from (select stream_id, data ->> 'transferId' as id from streaming.mt_events where type = 'account-transfer-sent') s
                where not exists (select from streaming.mt_events r where r.type in ('account-transfer-received', 'account-transfer-returned') and r.data ->> 'transferId' = s.id)
                limit 5) moving
            """);
        return await command.ExecuteScalarAsync() as string;
    }

    private static Place? PlaceAt(NpgsqlDataReader row, int first) =>
        row.IsDBNull(first) ? null : new Place(row.GetString(first), row.GetInt32(first + 1), row.GetInt64(first + 2));

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}

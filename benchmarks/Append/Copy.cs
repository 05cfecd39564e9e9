using EventStore.Appending;
using Npgsql;

namespace Append;

/// <summary>
/// The ceiling: every row that the appends wrote, through binary COPY into twins of their tables, with the same indexes and constraints, logged like them, in
/// as many commits. It checks nothing and numbers nothing.
/// </summary>
internal sealed class Copy
{
    private static readonly string[] Tables = ["mt_streams", "mt_events", "positions"];
    private readonly NpgsqlDataSource _source;
    private readonly Dictionary<string, string> _columns = [];

    private Copy(NpgsqlDataSource source) => _source = source;

    public static async Task<Copy> CreateAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        var copy = new Copy(source);
        await using (var create = source.CreateCommand("create schema twin"))
            await create.ExecuteNonQueryAsync(cancellationToken);
        foreach (var table in Tables)
        {
            await using var twin = source.CreateCommand($"create table twin.{table} (like streaming.{table} including all)");
            await twin.ExecuteNonQueryAsync(cancellationToken);
            await using var columns = source.CreateCommand(
                $"select string_agg(quote_ident(column_name), ', ' order by ordinal_position) from information_schema.columns where table_schema = 'twin' and table_name = '{table}' and is_generated = 'NEVER'");
            copy._columns[table] = (string)(await columns.ExecuteScalarAsync(cancellationToken))!;
        }

        // Marten's events refer to their streams.
        await using var reference = source.CreateCommand("alter table twin.mt_events add foreign key (stream_id) references twin.mt_streams (id)");
        if (await HasReferenceAsync(source, cancellationToken))
            await reference.ExecuteNonQueryAsync(cancellationToken);
        return copy;
    }

    /// <summary>The rows of each commit, in COPY's own binary form, so that writing them costs this process next to nothing.</summary>
    public async Task<byte[][][]> ReadAsync(StreamAppend[][] batches, CancellationToken cancellationToken)
    {
        var commits = new List<byte[][]>();
        foreach (var batch in batches)
        {
            var keys = string.Join(",", batch.Select(a => $"'{a.StreamKey}'"));
            var tables = new List<byte[]>();
            foreach (var table in Tables)
            {
                var key = table switch { "mt_streams" => "id", "mt_events" => "stream_id", _ => "stream_key" };
                await using var connection = await _source.OpenConnectionAsync(cancellationToken);
                await using var stream = await connection.BeginRawBinaryCopyAsync(
                    $"copy (select {_columns[table]} from streaming.{table} where {key} in ({keys}) order by 1) to stdout (format binary)", cancellationToken);
                using var rows = new MemoryStream();
                await stream.CopyToAsync(rows, cancellationToken);
                tables.Add(rows.ToArray());
            }

            commits.Add([.. tables]);
        }

        return [.. commits];
    }

    public async Task WriteAsync(byte[][][] commits, CancellationToken cancellationToken)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellationToken);
        foreach (var commit in commits)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            for (var i = 0; i < Tables.Length; i++)
            {
                await using var stream = await connection.BeginRawBinaryCopyAsync($"copy twin.{Tables[i]} ({_columns[Tables[i]]}) from stdin (format binary)", cancellationToken);
                await stream.WriteAsync(commit[i], cancellationToken);
            }

            await transaction.CommitAsync(cancellationToken);
        }
    }

    private static async Task<bool> HasReferenceAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await using var look = source.CreateCommand("select exists (select from pg_constraint where conrelid = 'streaming.mt_events'::regclass and contype = 'f')");
        return (bool)(await look.ExecuteScalarAsync(cancellationToken))!;
    }
}

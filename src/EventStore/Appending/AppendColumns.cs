using Npgsql;
using NpgsqlTypes;

namespace EventStore.Appending;

/// <summary>A batch as the arrays that the function append_batch takes, in the order of its parameters.</summary>
internal sealed class AppendColumns
{
    private readonly NpgsqlParameterCollection _parameters;
    private readonly IReadOnlyList<PendingAppend> _batch;

    private AppendColumns(IReadOnlyList<PendingAppend> batch, NpgsqlParameterCollection parameters) => (_batch, _parameters) = (batch, parameters);

    /// <summary>Adds the parameters. The batch is in stream key order; ordinals in the arrays count from 1, as the database does.</summary>
    public static void Add(IReadOnlyList<PendingAppend> batch, NpgsqlParameterCollection parameters)
    {
        var columns = new AppendColumns(batch, parameters);
        columns.AddStreams();
        columns.AddEvents();
        columns.AddPositions();
        columns.AddLedger();
        columns.AddDeadLetters();
    }

    private void AddStreams()
    {
        Add(_batch.Select(p => p.Append.StreamKey), NpgsqlDbType.Text);
        Add(_batch.Select(p => p.Append.AggregateName), NpgsqlDbType.Text);
        Add(_batch.Select(p => p.Append.ExpectedVersion), NpgsqlDbType.Bigint);
        Add(_batch.Select(p => p.Append.Events.Count), NpgsqlDbType.Integer);
    }

    private void AddEvents()
    {
        var rows = Rows(p => p.Events);
        Add(rows.Select(r => r.Ordinal), NpgsqlDbType.Integer);
        Add(rows.Select(r => r.Append.StreamKey), NpgsqlDbType.Text);
        Add(rows.Select(r => r.Append.ExpectedVersion + r.Index + 1), NpgsqlDbType.Bigint);
        Add(rows.Select(r => r.Item.Id), NpgsqlDbType.Uuid);
        Add(rows.Select(r => r.Item.TypeName), NpgsqlDbType.Text);
        Add(_batch.SelectMany(p => p.DotNetTypes), NpgsqlDbType.Text);
        Add(_batch.SelectMany(p => p.Data), NpgsqlDbType.Text);
        Add(_batch.SelectMany(p => p.Headers), NpgsqlDbType.Text);
    }

    private void AddPositions()
    {
        var rows = Rows(p => p.Positions);
        Add(rows.Select(r => r.Ordinal), NpgsqlDbType.Integer);
        Add(rows.Select(r => r.Append.StreamKey), NpgsqlDbType.Text);
        Add(rows.Select(r => r.Item.Topic), NpgsqlDbType.Text);
        Add(rows.Select(r => r.Item.Incarnation), NpgsqlDbType.Text);
        Add(rows.Select(r => r.Item.Partition), NpgsqlDbType.Integer);
        Add(rows.Select(r => r.Item.Offset), NpgsqlDbType.Bigint);
    }

    private void AddLedger()
    {
        var rows = Rows(p => p.Ledger);
        Add(rows.Select(r => r.Ordinal), NpgsqlDbType.Integer);
        Add(rows.Select(r => r.Append.StreamKey), NpgsqlDbType.Text);
        Add(rows.Select(r => r.Item.EventId), NpgsqlDbType.Uuid);
        Add(rows.Select(r => (short)r.Item.Outcome), NpgsqlDbType.Smallint);
        Add(rows.Select(r => StorableText.Mend(r.Item.Reason)), NpgsqlDbType.Text);
        Add(_batch.SelectMany(p => p.LedgerSources), NpgsqlDbType.Text);
    }

    private void AddDeadLetters()
    {
        var rows = Rows(p => p.DeadLetters);
        Add(rows.Select(r => r.Ordinal), NpgsqlDbType.Integer);
        DeadLetters.DeadLetterColumns.Add([.. rows.Select(r => r.Item)], _parameters);
    }

    private List<(int Ordinal, StreamAppend Append, int Index, T Item)> Rows<T>(Func<StreamAppend, IReadOnlyList<T>> items)
    {
        var rows = new List<(int, StreamAppend, int, T)>();
        for (var i = 0; i < _batch.Count; i++)
        {
            var list = items(_batch[i].Append);
            for (var j = 0; j < list.Count; j++)
                rows.Add((i + 1, _batch[i].Append, j, list[j]));
        }

        return rows;
    }

    private void Add<T>(IEnumerable<T> column, NpgsqlDbType type) =>
        _parameters.Add(new NpgsqlParameter { Value = column.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type });
}

using System.Text.Json.Nodes;
using EventStore.Appending;
using Marten;
using static EventStore.Tests.Appends;

namespace EventStore.Tests.Appending;

/// <summary>Our appends must leave the tables exactly as Marten's own would, or its daemon and queries may not see what they expect.</summary>
public sealed class MartenContractTests(PostgresServer postgres) : IAsyncLifetime
{
    private TestStore _store = null!;

    public async ValueTask InitializeAsync() => _store = await TestStore.FreshAsync(postgres);

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private sealed class Number;

    [Fact]
    public async Task Every_column_is_as_Marten_writes_it()
    {
        var source = From(At(5));
        await using (var session = _store.Get<IDocumentStore>().LightweightSession())
        {
            session.Events.StartStream<Number>("marten", new Counted(1), new Renamed("x"));
            session.SetHeader("topic", "numbers");
            await session.SaveChangesAsync();
            session.Events.Append("marten", new Counted(2));
            await session.SaveChangesAsync();
        }

        await _store.Get<IGroupCommit>().AppendAsync(To("ours", 0, Counted(1, At(5)), new EventToAppend(Guid.NewGuid(), "renamed", """{"name": "x"}""", source)));
        await _store.Get<IGroupCommit>().AppendAsync(To("ours", 2, Counted(2, At(6))));

        Assert.Equal(await RowsAsync("mt_streams", "id", "marten"), await RowsAsync("mt_streams", "id", "ours"));
        Assert.Equal(await RowsAsync("mt_events", "stream_id", "marten"), await RowsAsync("mt_events", "stream_id", "ours"));
    }

    [Fact]
    public async Task Marten_reads_our_events_with_their_headers()
    {
        var e = Counted(7, At(5));
        await _store.Get<IGroupCommit>().AppendAsync(To("ours", 0, e));
        await using var session = _store.Get<IDocumentStore>().QuerySession();
        var read = Assert.Single(await session.Events.FetchStreamAsync("ours"));
        Assert.Equal((e.Id, 1L, 1L, "counted"), (read.Id, read.Version, read.Sequence, read.EventTypeName));
        Assert.Equal(new Counted(7), read.Data);
        Assert.Equal("numbers", read.Headers!["topic"].ToString());
    }

    [Fact]
    public async Task Marten_may_append_to_a_stream_of_ours_and_the_other_way_round()
    {
        await _store.Get<IGroupCommit>().AppendAsync(To("shared", 0, Counted(1)));
        await using (var session = _store.Get<IDocumentStore>().LightweightSession())
        {
            session.Events.Append("shared", new Counted(2));
            await session.SaveChangesAsync();
        }

        Assert.Equal(new AppendVerdict.Stale(2), await _store.Get<IGroupCommit>().AppendAsync(To("shared", 1, Counted(3))));
        Assert.Equal(new AppendVerdict.Committed(3, 3), await _store.Get<IGroupCommit>().AppendAsync(To("shared", 2, Counted(3))));
    }

    [Fact]
    public async Task An_append_wakes_those_who_listen_for_Martens_notification()
    {
        await using var connection = new Npgsql.NpgsqlConnection(_store.ConnectionString);
        await connection.OpenAsync();
        await using (var listen = new Npgsql.NpgsqlCommand("listen mt_events_appended", connection))
            await listen.ExecuteNonQueryAsync();
        await _store.Get<IGroupCommit>().AppendAsync(To("ours", 0, Counted(1)));
        Assert.True(await connection.WaitAsync(TimeSpan.FromSeconds(10)), "no notification within 10 s");
    }

    // Each row as JSON, less what differs between any two appends. A column that only one of the writers fills would differ.
    private async Task<string> RowsAsync(string table, string key, string stream)
    {
        var rows = JsonNode.Parse(await _store.ScalarAsync<string>(
            $"select json_agg(to_jsonb(t) order by t.version)::text from {table} t where {key} = '{stream}'"))!.AsArray();
        foreach (var row in rows.Select(r => r!.AsObject()))
        {
            foreach (var own in (string[])["seq_id", "id", "stream_id"])
                row.Remove(own);
            foreach (var time in (string[])["timestamp", "created"])
                if (row.ContainsKey(time))
                    row[time] = row[time]!.GetValue<DateTimeOffset>() > DateTimeOffset.UnixEpoch;
            if (row.ContainsKey("headers"))
                row["headers"] = row["headers"]!["topic"]!.GetValue<string>();
        }

        return rows.ToJsonString();
    }
}

using EventStore.Appending;
using static EventStore.Tests.Appends;

namespace EventStore.Tests.Appending;

public sealed class GroupCommitTests(PostgresServer postgres) : IAsyncLifetime
{
    private TestStore _store = null!;

    public async ValueTask InitializeAsync() => _store = await TestStore.FreshAsync(postgres);

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private ValueTask<AppendVerdict> AppendAsync(StreamAppend append) => _store.Get<IGroupCommit>().AppendAsync(append);

    [Fact]
    public async Task An_append_is_committed_with_its_version_and_sequence()
    {
        Assert.Equal(new AppendVerdict.Committed(2, 2), await AppendAsync(To("number/1", 0, Counted(1), Counted(2))));
        Assert.Equal(new AppendVerdict.Committed(3, 3), await AppendAsync(To("number/1", 2, Counted(3))));
        Assert.Equal(3L, await _store.ScalarAsync<long>("select version from mt_streams where id = 'number/1'"));
    }

    [Fact]
    public async Task A_redelivered_record_has_no_second_effect()
    {
        var append = To("number/1", 0, Counted(1, At(5))) with { Positions = [At(5)] };
        Assert.IsType<AppendVerdict.Committed>(await AppendAsync(append));

        // As the old owner would send it, and as a new one that reloaded but not its positions.
        Assert.Equal(new AppendVerdict.Stale(1), await AppendAsync(append));
        Assert.Equal(new AppendVerdict.Stale(1), await AppendAsync(append with { ExpectedVersion = 1 }));
        Assert.Equal(1L, await _store.ScalarAsync<long>("select count(*) from mt_events"));
    }

    [Fact]
    public async Task A_position_of_a_recreated_topic_starts_over()
    {
        await AppendAsync(To("number/1", 0) with { Positions = [At(5)] });
        Assert.IsType<AppendVerdict.Committed>(await AppendAsync(To("number/1", 0) with { Positions = [At(0, incarnation: "i2")] }));
    }

    [Fact]
    public async Task An_id_that_has_an_event_is_known_with_all_that_a_caller_needs_to_tell_a_conflict()
    {
        var id = Guid.NewGuid();
        await AppendAsync(To("number/1", 0, Counted(1, At(5), id, "digest-1")));
        var verdict = Assert.IsType<AppendVerdict.Duplicate>(await AppendAsync(To("number/2", 0, Counted(2, At(9), id, "digest-2"), Counted(3))));
        Assert.Equal([new KnownId(id, "number/1", "digest-1", At(5), 1, null, null)], verdict.Known);
        Assert.Equal(0L, await _store.ScalarAsync<long>("select count(*) from mt_streams where id = 'number/2'"));
    }

    [Fact]
    public async Task An_id_that_left_only_a_ledger_row_is_known_to_events_and_to_the_ledger()
    {
        var entry = new LedgerEntry(Guid.NewGuid(), LedgerOutcome.Rejected, "no money", From(At(5), "digest-1"));
        await AppendAsync(To("number/1", 0) with { Ledger = [entry] });
        KnownId[] known = [new(entry.EventId, "number/1", "digest-1", At(5), null, LedgerOutcome.Rejected, "no money")];

        Assert.Equal(known, Assert.IsType<AppendVerdict.Duplicate>(await AppendAsync(To("number/1", 0, Counted(1, At(6), entry.EventId)))).Known);
        Assert.Equal(known, Assert.IsType<AppendVerdict.Duplicate>(
            await AppendAsync(To("number/1", 0) with { Ledger = [entry with { Source = From(At(7)) }] })).Known);
    }

    [Fact]
    public async Task A_duplicate_leaves_its_own_ledger_row_with_the_first_ones_id()
    {
        var first = Counted(1, At(5));
        await AppendAsync(To("number/1", 0, first));
        var duplicate = new LedgerEntry(first.Id, LedgerOutcome.Duplicate, null, From(At(8)));
        Assert.Equal(new AppendVerdict.Committed(1, 0), await AppendAsync(To("number/1", 1) with { Ledger = [duplicate], Positions = [At(8)] }));
        Assert.Equal(8L, await _store.ScalarAsync<long>($"select record_offset from ledger where event_id = '{first.Id}' and outcome = 3"));
    }

    [Fact]
    public async Task Two_appends_of_one_id_at_once_give_one_commit_and_one_duplicate()
    {
        var id = Guid.NewGuid();
        var verdicts = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => AppendAsync(To($"number/{i}", 0, Counted(i, At(i), id))).AsTask()));
        Assert.Single(verdicts.OfType<AppendVerdict.Committed>());
        Assert.Equal(9, verdicts.OfType<AppendVerdict.Duplicate>().Count());
    }

    [Fact]
    public async Task A_dead_letter_commits_with_its_position_once()
    {
        var append = To("number/1", 0) with { Positions = [At(5)], DeadLetters = [Dead(At(5), "bad \0 text \ud800")] };
        Assert.Equal(new AppendVerdict.Committed(0, 0), await AppendAsync(append));
        await AppendAsync(append with { Positions = [] });
        Assert.Equal(1L, await _store.ScalarAsync<long>("select count(*) from dead_letters where reason = 'bad \ufffd text \ufffd'"));
    }

    [Fact]
    public async Task A_batch_of_5000_with_four_bad_appends_gives_four_verdicts_and_commits_the_rest_without_a_gap()
    {
        await AppendAsync(To("number/stale", 0, Counted(0)));
        var known = Counted(0);
        await AppendAsync(To("number/known", 0, known));

        var good = Enumerable.Range(0, 4_996).Select(i => To($"number/{i}", 0, Counted(i, At(i))) with { Positions = [At(i)] });
        StreamAppend[] bad =
        [
            To("number/null", 0, Counted(1) with { Data = """{"text": "a\u0000b"}""" }),
            To("number/duplicate", 0, known),
            To("number/stale", 0, Counted(1)),
            To(new string('k', 251), 0, Counted(1)),
        ];
        var verdicts = await Task.WhenAll(good.Concat(bad).Select(a => AppendAsync(a).AsTask()));

        Assert.All(verdicts[..4_996], v => Assert.IsType<AppendVerdict.Committed>(v));
        Assert.IsType<AppendVerdict.Refused>(verdicts[4_996]);
        Assert.Equal(known.Id, Assert.Single(Assert.IsType<AppendVerdict.Duplicate>(verdicts[4_997]).Known).Id);
        Assert.Equal(new AppendVerdict.Stale(1), verdicts[4_998]);
        Assert.IsType<AppendVerdict.Refused>(verdicts[4_999]);
        Assert.Equal(4_998L, await _store.ScalarAsync<long>("select count(*) from mt_events"));
        Assert.Equal(4_998L, await _store.ScalarAsync<long>("select max(seq_id) from mt_events"));
        Assert.Equal(4_998L, await _store.ScalarAsync<long>("select last_value from mt_events_sequence"));
    }

    [Theory]
    [InlineData("""{"value": 1e400000}""", "22003")] // a number that jsonb cannot hold
    [InlineData("""{"text": "\udead"}""", "22P02")] // half a pair, as an escape
    [InlineData("""{"value": """, "22P02")] // no JSON
    public async Task Content_that_only_the_database_refuses_is_refused_alone(string data, string sqlState)
    {
        var appends = Enumerable.Range(0, 64).Select(i => To($"number/{i}", 0, i == 13 ? Counted(i) with { Data = data } : Counted(i)));
        var verdicts = await Task.WhenAll(appends.Select(a => AppendAsync(a).AsTask()));
        Assert.Equal(sqlState, Assert.IsType<AppendVerdict.Refused>(verdicts[13]).SqlState);
        Assert.Equal(63, verdicts.OfType<AppendVerdict.Committed>().Count());
        // A number drawn in vain would hold up every projection for seconds.
        Assert.Equal(63L, await _store.ScalarAsync<long>("select last_value from mt_events_sequence"));
    }

    [Fact]
    public async Task Versions_and_sequences_of_a_batch_are_in_the_same_order()
    {
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i =>
            AppendAsync(To($"number/{i}", 0, [.. Enumerable.Range(0, 5).Select(v => Counted(v))])).AsTask()));
        Assert.Equal(0L, await _store.ScalarAsync<long>("""
            select count(*) from mt_events a join mt_events b on a.stream_id = b.stream_id and a.version < b.version and a.seq_id > b.seq_id
            """));
    }

    [Fact]
    public async Task An_archived_stream_refuses_appends()
    {
        await AppendAsync(To("number/1", 0, Counted(1)));
        await _store.ScalarAsync<string>("update mt_streams set is_archived = true returning id");
        Assert.Contains("archived", Assert.IsType<AppendVerdict.Refused>(await AppendAsync(To("number/1", 1, Counted(2)))).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_that_repeats_an_id_in_one_append_is_told_so()
    {
        var e = Counted(1);
        Assert.Contains(e.Id.ToString(), Assert.IsType<AppendVerdict.Refused>(await AppendAsync(To("number/1", 0, e, e))).Reason, StringComparison.Ordinal);
    }
}

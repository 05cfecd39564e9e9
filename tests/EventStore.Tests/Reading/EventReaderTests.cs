using EventStore.Appending;
using EventStore.DeadLetters;
using EventStore.Reading;
using Npgsql;
using Testing;
using static EventStore.Tests.Appends;

namespace EventStore.Tests.Reading;

public sealed class EventReaderTests(PostgresServer postgres) : IAsyncLifetime
{
    private TestStore _store = null!;

    private IEventReader Reader => _store.Get<IEventReader>();

    public async ValueTask InitializeAsync() => _store = await TestStore.FreshAsync(postgres);

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Pages_of_a_stream_and_of_everything_follow_on_each_other()
    {
        for (var i = 0; i < 3; i++)
            await _store.Get<IGroupCommit>().AppendAsync(To($"number/{i}", 0, Counted(1, At(i)), Counted(2), Counted(3)));

        Assert.Equal([1L, 2L], (await Reader.ReadStreamAsync("number/1", 0, 2)).Select(e => e.Version));
        var last = Assert.Single(await Reader.ReadStreamAsync("number/1", 2, 2));
        Assert.Equal(("number/1", 3L), (last.StreamKey, last.Version));
        Assert.Equal(At(1), (await Reader.ReadStreamAsync("number/1", 0, 1))[0].Source!.Record);

        Assert.Equal([1L, 2L, 3L, 4L], (await Reader.ReadAllAsync(0, 4)).Select(e => e.Sequence));
        Assert.Equal([5L, 6L], (await Reader.ReadAllAsync(4, 4, upTo: 6)).Select(e => e.Sequence));
    }

    [Fact]
    public async Task An_id_is_found_as_event_as_ledger_rows_and_as_dead_letter()
    {
        var e = Counted(1, At(0));
        var id = Guid.NewGuid();
        await _store.Get<IGroupCommit>().AppendAsync(To("number/1", 0, e) with
        {
            Ledger =
            [
                new LedgerEntry(e.Id, LedgerOutcome.Duplicate, null, From(At(3))),
                new LedgerEntry(id, LedgerOutcome.Ignored, "already so", From(At(4))),
            ],
            DeadLetters = [Dead(At(5)) with { EventId = e.Id.ToString().ToUpperInvariant() }],
        });
        await _store.Get<IDeadLetterStore>().AddAsync(Dead(At(6)) with { EventId = "order-17" });

        var trace = await Reader.FindAsync(e.Id);
        Assert.Equal(e.Id, trace.Event!.Id);
        Assert.Equal(At(3), Assert.Single(trace.Ledger).Entry.Source.Record);
        Assert.Equal(At(5), Assert.Single(trace.DeadLetters).Letter.Record);

        Assert.Equal("already so", Assert.Single((await Reader.FindAsync(id)).Ledger).Entry.Reason);
        Assert.Single((await Reader.FindAsync(Guid.NewGuid(), "order-17")).DeadLetters);
        Assert.True((await Reader.FindAsync(Guid.NewGuid())).IsEmpty);
    }

    [Fact]
    public async Task No_answer_shows_a_repetition_without_the_event_that_it_repeats()
    {
        var e = Counted(1, At(0));
        await _store.Get<IGroupCommit>().AppendAsync(To("number/1", 0, e) with { Ledger = [new LedgerEntry(e.Id, LedgerOutcome.Duplicate, null, From(At(3)))] });
        await using var source = NpgsqlDataSource.Create(_store.ConnectionString);
        await ExecuteAsync(source.CreateCommand(Renamed(e.Id, Guid.Empty)));

        // Both come in one commit, while the answer is being looked up.
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await ExecuteAsync(new($"lock table streaming.ledger in access exclusive mode", connection));
        var looking = Reader.FindAsync(e.Id).AsTask();
        await Eventually.Async(
            () => _store.ScalarAsync<long>($"select count(*) from pg_locks where not granted and relation = 'streaming.ledger'::regclass"),
            waiting => waiting > 0, TimeSpan.FromSeconds(30), "the ledger is asked");
        await ExecuteAsync(new(Renamed(Guid.Empty, e.Id), connection));
        await transaction.CommitAsync();

        var trace = await looking;
        Assert.Single(trace.Ledger);
        Assert.Equal(e.Id, trace.Event?.Id);

        static string Renamed(Guid from, Guid to) =>
            $"update streaming.mt_events set id = '{to}' where id = '{from}'; update streaming.ledger set event_id = '{to}' where event_id = '{from}'";

        static async Task ExecuteAsync(NpgsqlCommand command)
        {
            await using (command)
                await command.ExecuteNonQueryAsync();
        }
    }
}

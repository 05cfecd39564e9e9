using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.DeadLetters;
using EventStore.Reading;
using static EventStore.Tests.Appends;

namespace EventStore.Tests.DeadLetters;

public sealed class DeadLetterStoreTests(PostgresServer postgres) : IAsyncLifetime
{
    private TestStore _store = null!;

    private IDeadLetterStore Letters => _store.Get<IDeadLetterStore>();

    public async ValueTask InitializeAsync() => _store = await TestStore.FreshAsync(postgres);

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task A_dead_letter_comes_back_whole_and_exists_once_however_often_it_is_written()
    {
        var letter = Dead(At(5)) with { EventId = "e-1" };
        await Letters.AddAsync(letter);
        await Letters.AddAsync(letter with { Reason = "again" });

        var stored = Assert.Single(await Letters.ListAsync(new DeadLetterFilter(), null, 10));
        Assert.Equal(letter with { Payload = null }, stored.Letter with { Payload = null });
        Assert.Equal(letter.Payload, stored.Letter.Payload);
        Assert.Equal(DeadLetterStatus.Open, stored.Status);
        Assert.Equal(stored.Id, (await Letters.GetAsync(stored.Id))!.Id);
        Assert.Null(await Letters.GetAsync(stored.Id + 1));
    }

    [Fact]
    public async Task A_tombstone_without_key_or_schema_is_a_dead_letter_too()
    {
        var letter = Dead(At(5)) with { Payload = null, Key = null, SchemaId = null, Exception = null };
        await Letters.AddAsync(letter);
        Assert.Equal(letter, Assert.Single(await Letters.ListAsync(new DeadLetterFilter(), null, 10)).Letter);
    }

    [Fact]
    public async Task Pages_go_from_new_to_old_without_gap_or_overlap()
    {
        for (var i = 0; i < 7; i++)
            await Letters.AddAsync(Dead(At(i)));
        var offsets = new List<long>();
        for (long? before = null; await Letters.ListAsync(new DeadLetterFilter(), before, 3) is { Count: > 0 } page; before = page[^1].Id)
            offsets.AddRange(page.Select(l => l.Letter.Record.Offset));
        Assert.Equal([6, 5, 4, 3, 2, 1, 0], offsets);
    }

    [Fact]
    public async Task Filters_combine()
    {
        await Letters.AddAsync(Dead(At(0, topic: "a")));
        await Letters.AddAsync(Dead(At(1, topic: "a")) with { Kind = DeadLetterKind.IdConflict });
        await Letters.AddAsync(Dead(At(2, topic: "b")) with { Kind = DeadLetterKind.IdConflict });
        Assert.Equal(2, await Letters.CountAsync(new DeadLetterFilter(Topic: "a")));
        Assert.Equal(2, await Letters.CountAsync(new DeadLetterFilter(Kind: DeadLetterKind.IdConflict)));
        Assert.Equal(1, await Letters.CountAsync(new DeadLetterFilter("a", DeadLetterKind.IdConflict, DeadLetterStatus.Open)));
        Assert.Equal(0, await Letters.CountAsync(new DeadLetterFilter(Status: DeadLetterStatus.Discarded)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0")]
    public async Task A_dead_letter_is_stored_and_found_by_its_event_id_however_long_that_is(string end)
    {
        var id = Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(5_000)) + end; // nothing that an index could compress
        await Letters.AddAsync(Dead(At(5)) with { EventId = id });
        await _store.Get<IGroupCommit>().AppendAsync(To("number/1", 0) with { Positions = [At(6)], DeadLetters = [Dead(At(6)) with { EventId = id }] });

        var found = await _store.Get<IEventReader>().FindAsync(EventIds.OfRecord(id), id);
        Assert.Equal([5L, 6L], found.DeadLetters.Select(l => l.Letter.Record.Offset));
        Assert.All(found.DeadLetters, l => Assert.Equal(EventIds.OfRecord(id), EventIds.OfRecord(l.Letter.EventId!)));
    }

    [Fact]
    public async Task What_was_reprocessed_is_said_to_be_although_it_was_discarded_meanwhile()
    {
        await Letters.AddAsync(Dead(At(5)));
        var id = (await Letters.ListAsync(new DeadLetterFilter(), null, 1))[0].Id;

        Assert.True(await Letters.CloseAsync(id, DeadLetterStatus.Discarded, "bob", null));
        Assert.True(await Letters.CloseAsync(id, DeadLetterStatus.Reprocessed, "ada", null));
        Assert.False(await Letters.CloseAsync(id, DeadLetterStatus.Reprocessed, "eve", null));

        Assert.Equal(DeadLetterStatus.Reprocessed, (await Letters.GetAsync(id))!.Status);
        Assert.Equal("bob discard,ada reprocess", await _store.ScalarAsync<string>("select string_agg(operator || ' ' || action, ',' order by id) from operator_actions"));
    }

    [Fact]
    public async Task A_dead_letter_is_claimed_by_one_at_a_time()
    {
        await using (var claim = await Letters.TryClaimAsync(7))
        {
            Assert.NotNull(claim);
            Assert.Null(await Letters.TryClaimAsync(7));
            await using var other = await Letters.TryClaimAsync(8);
            Assert.NotNull(other);
        }

        await using var again = await Letters.TryClaimAsync(7);
        Assert.NotNull(again);
    }

    [Fact]
    public async Task A_claim_ends_with_its_connection()
    {
        var claim = await Letters.TryClaimAsync(7);
        Assert.NotNull(claim);
        await _store.ScalarAsync<bool>("select bool_and(pg_terminate_backend(pid, 5000)) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())");

        await using (var other = await Letters.TryClaimAsync(7))
            Assert.NotNull(other);
        await claim.DisposeAsync();
    }

    [Theory]
    [InlineData(DeadLetterStatus.Reprocessed, "reprocess")]
    [InlineData(DeadLetterStatus.Discarded, "discard")]
    public async Task Who_ends_a_dead_letter_is_on_record_and_it_ends_once(DeadLetterStatus status, string action)
    {
        await Letters.AddAsync(Dead(At(5)));
        var id = (await Letters.ListAsync(new DeadLetterFilter(), null, 1))[0].Id;

        Assert.True(await Letters.CloseAsync(id, status, "ada", "seen with the producer's team"));
        Assert.False(await Letters.CloseAsync(id, DeadLetterStatus.Discarded, "bob", null));
        Assert.False(await Letters.CloseAsync(id + 1, DeadLetterStatus.Discarded, "bob", null));

        Assert.Equal(status, (await Letters.GetAsync(id))!.Status);
        Assert.Equal($"ada|{action}|dead letter {id} (numbers/0@5)|seen with the producer's team",
            await _store.ScalarAsync<string>("select string_agg(concat_ws('|', operator, action, subject, detail), ';') from operator_actions"));
    }
}

using EventStore.DeadLetters;
using static EventStore.Tests.Appends;

namespace EventStore.Tests.DeadLetters;

public sealed class DeadLetterOutboxTests(PostgresServer postgres) : IAsyncLifetime
{
    private const long Room = 1_000_000;
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private TestStore _store = null!;

    private IDeadLetterOutbox Outbox => _store.Get<IDeadLetterOutbox>();

    public async ValueTask InitializeAsync() => _store = await TestStore.FreshAsync(postgres);

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Publishers_that_claim_at_once_share_the_letters_oldest_first()
    {
        await AddAsync(100);
        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ClaimAllAsync(7)));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (long)i), claims.SelectMany(c => c).Order());
        Assert.All(claims, claim => Assert.Equal(claim.Order(), claim));

        async Task<List<long>> ClaimAllAsync(int limit)
        {
            var offsets = new List<long>();
            while (await Outbox.CountAsync() > 0 && await Outbox.ClaimAsync(limit, Room, Hour) is { Count: > 0 } letters)
            {
                offsets.AddRange(letters.Select(l => l.Letter.Record.Offset));
                await Outbox.SettleAsync([.. letters.Select(l => l.Id)], []);
            }

            return offsets;
        }
    }

    [Fact]
    public async Task What_failed_is_free_again_at_once_and_what_was_published_never_comes_back()
    {
        await AddAsync(3);
        var claimed = await Outbox.ClaimAsync(10, Room, Hour);
        Assert.Empty(await Outbox.ClaimAsync(10, Room, Hour));
        Assert.Equal(3, await Outbox.CountAsync());

        await Outbox.SettleAsync([claimed[0].Id, claimed[2].Id], [claimed[1].Id]);

        Assert.Equal(1, await Outbox.CountAsync());
        Assert.Equal(claimed[1].Id, Assert.Single(await Outbox.ClaimAsync(10, Room, Hour)).Id);
    }

    [Fact]
    public async Task The_claim_of_a_publisher_that_died_runs_out()
    {
        await AddAsync(1);
        Assert.Single(await Outbox.ClaimAsync(10, Room, TimeSpan.FromMilliseconds(-1)));
        Assert.Single(await Outbox.ClaimAsync(10, Room, Hour));
    }

    [Fact]
    public async Task A_claim_is_bounded_in_bytes_but_never_empty()
    {
        for (var i = 0; i < 5; i++)
            await _store.Get<IDeadLetterStore>().AddAsync(Dead(At(i)) with { Payload = new byte[1000] });
        Assert.Single(await Outbox.ClaimAsync(10, 1, Hour));
        Assert.Equal(2, (await Outbox.ClaimAsync(10, 1500, Hour)).Count);
        Assert.Equal(2, (await Outbox.ClaimAsync(10, Room, Hour)).Count);
    }

    private async Task AddAsync(int letters)
    {
        for (var i = 0; i < letters; i++)
            await _store.Get<IDeadLetterStore>().AddAsync(Dead(At(i)));
    }
}

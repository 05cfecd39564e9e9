using System.Diagnostics;
using EventStore.Appending;
using EventStore.Hosting;
using Npgsql;
using static EventStore.Tests.Appends;

namespace EventStore.Tests.Appending;

/// <summary>What a broken database leaves: nothing half-written, and no caller without an answer. Each test may stop the server: it is its own.</summary>
public sealed class FaultTests : IAsyncLifetime
{
    private readonly PostgresServer _postgres = new();
    private TestStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        await _postgres.InitializeAsync();
        _store = await TestStore.StartAsync(await _postgres.NewDatabaseAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    private async Task<object> TryAppendAsync(StreamAppend append)
    {
        try
        {
            return await _store.Get<IGroupCommit>().AppendAsync(append);
        }
        catch (StoreUnavailableException e)
        {
            return e;
        }
    }

    [Fact]
    public async Task A_connection_killed_in_the_middle_of_a_batch_leaves_nothing_of_it()
    {
        // Another session holds one stream of the batch, so that the batch stands still in the middle of its writing.
        await TryAppendAsync(To("number/50", 0, Counted(0)));
        await using var blocker = new NpgsqlConnection(_store.ConnectionString);
        await blocker.OpenAsync();
        await using var transaction = await blocker.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("update streaming.mt_streams set timestamp = now() where id = 'number/50'", blocker))
            await hold.ExecuteNonQueryAsync();

        var batch = Enumerable.Range(0, 100).Select(i => TryAppendAsync(To($"number/{i}", i == 50 ? 1 : 0, Counted(i, At(i))) with { Positions = [At(i)] })).ToArray();
        await KillAppendersAsync(blocker);
        var answers = await Task.WhenAll(batch).WaitAsync(TimeSpan.FromSeconds(30));
        await transaction.RollbackAsync();

        Assert.Contains(answers, a => a is StoreUnavailableException);
        var committed = answers.Count(a => a is AppendVerdict.Committed);
        Assert.Equal(committed + 1L, await _store.ScalarAsync<long>("select count(*) from mt_events"));
        Assert.Equal((long)committed, await _store.ScalarAsync<long>("select count(*) from positions"));

        // The same appends go through afterwards.
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 100).Where(i => answers[i] is not AppendVerdict.Committed)
            .Select(i => TryAppendAsync(To($"number/{i}", i == 50 ? 1 : 0, Counted(i, At(i))) with { Positions = [At(i)] }))),
            a => Assert.IsType<AppendVerdict.Committed>(a));
    }

    [Fact]
    public async Task After_an_outage_work_goes_on_within_two_seconds_and_nothing_was_lost()
    {
        await TryAppendAsync(To("number/1", 0, Counted(1)));
        await _postgres.StopNowAsync();
        Assert.IsType<StoreUnavailableException>(await TryAppendAsync(To("number/1", 1, Counted(2))));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _store.Get<IStreamLoader>().LoadAsync("number/1", "number", 1, null).AsTask());
        Assert.NotNull(_store.Get<StoreAvailability>().Current);
        for (var i = 0; i < 8; i++) // the pause between attempts reaches its limit
            Assert.IsType<StoreUnavailableException>(await TryAppendAsync(To("number/1", 1, Counted(2))));

        await _postgres.StartAsync();
        var back = Stopwatch.StartNew();
        while (await TryAppendAsync(To("number/1", 1, Counted(2))) is not AppendVerdict.Committed)
            Assert.True(back.Elapsed < TimeSpan.FromSeconds(2), "not back within 2 s of the server's return");
        Assert.Null(_store.Get<StoreAvailability>().Current);
        Assert.Equal(2L, await _store.ScalarAsync<long>("select count(*) from mt_events"));
    }

    [Fact]
    public async Task A_store_that_starts_before_its_database_waits_for_it()
    {
        var database = await _postgres.NewDatabaseAsync();
        await _postgres.StopNowAsync();
        var starting = TestStore.StartAsync(database, o => o.MaxRetryDelay = TimeSpan.FromMilliseconds(100));
        await _postgres.StartAsync();
        await using var store = await starting.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.IsType<AppendVerdict.Committed>(await store.Get<IGroupCommit>().AppendAsync(To("number/1", 0, Counted(1))));
    }

    [Fact]
    public async Task A_statement_that_takes_too_long_is_an_outage_and_no_bad_content()
    {
        await using var impatient = await TestStore.StartAsync(_store.ConnectionString, o => o.StatementTimeout = TimeSpan.FromSeconds(1));
        await TryAppendAsync(To("number/1", 0, Counted(1)));
        await using var blocker = new NpgsqlConnection(_store.ConnectionString);
        await blocker.OpenAsync();
        await using var transaction = await blocker.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("lock table streaming.mt_streams in share mode", blocker))
            await hold.ExecuteNonQueryAsync();
        var error = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => impatient.Get<IGroupCommit>().AppendAsync(To("number/1", 1, Counted(2))).AsTask());
        Assert.Equal("57014", Assert.IsType<PostgresException>(error.InnerException).SqlState);
    }

    [Fact]
    public async Task A_zombie_and_the_owner_of_the_same_streams_have_one_effect_between_them()
    {
        await using var zombie = await TestStore.StartAsync(_store.ConnectionString);
        IGroupCommit[] writers = [_store.Get<IGroupCommit>(), zombie.Get<IGroupCommit>()];
        for (var round = 0; round < 20; round++)
        {
            var appends = Enumerable.Range(0, 50).Select(i => To($"number/{i}", round, Counted(round, At(round, i))) with { Positions = [At(round, i)] }).ToArray();
            var verdicts = await Task.WhenAll(writers.SelectMany(w => appends.Select(a => w.AppendAsync(a).AsTask())));
            for (var i = 0; i < 50; i++)
            {
                AppendVerdict[] both = [verdicts[i], verdicts[i + 50]];
                Assert.Single(both.OfType<AppendVerdict.Committed>());
                // The loser may have read the version just before the winner's commit, and its position just after.
                Assert.InRange(Assert.Single(both.OfType<AppendVerdict.Stale>()).Version, round, round + 1);
            }
        }

        Assert.Equal(1_000L, await _store.ScalarAsync<long>("select count(*) from mt_events"));
    }

    [Fact]
    public async Task Two_writers_without_events_have_one_effect_too()
    {
        await using var zombie = await TestStore.StartAsync(_store.ConnectionString);
        IGroupCommit[] writers = [_store.Get<IGroupCommit>(), zombie.Get<IGroupCommit>()];
        for (var round = 0; round < 20; round++)
        {
            var appends = Enumerable.Range(0, 50).Select(i => To($"number/{i}", 0) with
            {
                Positions = [At(round, i)],
                Ledger = [new LedgerEntry(Guid.NewGuid(), LedgerOutcome.Ignored, "already so", From(At(round, i)))],
            }).ToArray();
            var verdicts = await Task.WhenAll(writers.SelectMany(w => appends.Select(a => w.AppendAsync(a).AsTask())));
            for (var i = 0; i < 50; i++)
                Assert.Single(new[] { verdicts[i], verdicts[i + 50] }.OfType<AppendVerdict.Committed>());
        }

        Assert.Equal(1_000L, await _store.ScalarAsync<long>("select count(*) from ledger"));
    }

    // Polls until the batch waits for the blocker's lock, then ends its connection.
    private static async Task KillAppendersAsync(NpgsqlConnection connection)
    {
        var deadline = Stopwatch.StartNew();
        while (true)
        {
            await using var kill = new NpgsqlCommand("""
                select count(pg_terminate_backend(pid)) from pg_stat_activity
                where query like '%append_batch%' and wait_event_type = 'Lock' and pid <> pg_backend_pid()
                """, connection);
            if ((long)(await kill.ExecuteScalarAsync())! > 0)
                return;
            Assert.True(deadline.Elapsed < TimeSpan.FromSeconds(20), "no append waited for a lock within 20 s");
        }
    }
}

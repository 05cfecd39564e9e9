using EventStore.Aggregates;
using EventStore.Hosting;
using EventStore.Projections;
using EventStore.Projections.Running;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using static EventStore.Tests.Appends;

namespace EventStore.Tests.Projections;

public sealed class FollowingTests(PostgresServer postgres) : IAsyncLifetime
{
    private ProjectionWorld _world = null!;

    public async ValueTask InitializeAsync() =>
        _world = await ProjectionWorld.FreshAsync(postgres, s => s.AddProjection<Totals>().AddProjection<PerStream>());

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Documents_follow_the_events()
    {
        await _world.AppendAsync("number/a", Counted(1), Counted(6));
        await _world.RunAsync("totals");
        await _world.RunAsync("per-stream");
        var last = await _world.AppendAsync("number/b", Counted(7));
        await _world.CaughtUpAsync("totals");
        await _world.CaughtUpAsync("per-stream");

        Assert.Equal("""[["1", {"sum": 7, "count": 2}, 2], ["2", {"sum": 7, "count": 1}, 3]]""", await _world.DumpAsync("totals"));
        var document = await _world.Reader.GetAsync("per-stream", "b");
        Assert.Equal((last.Sequence, """{"sum": 7, "count": 1}"""), (document!.Sequence, document.Json));
        Assert.Null(await _world.Reader.GetAsync("per-stream", "c"));

        var status = (await _world.Projections.GetAsync("totals"))!;
        Assert.Equal((1, 1, 3L, 0L, 0d), (status.Version, status.ActiveVersion, status.Sequence, status.Lag, status.LagSeconds));
        Assert.Equal("test", status.Runner);
        Assert.Empty(await _world.Projections.ProblemsAsync());
    }

    [Fact]
    public async Task An_event_of_a_newer_version_of_the_application_is_not_passed_over_and_one_of_a_former_aggregate_is()
    {
        await _world.AppendAsync("number/a", Counted(1));
        await _world.Store.ScalarAsync<int>("update mt_events set type = 'of-long-ago'; select 1");
        await _world.AppendAsync("number/a", Counted(2));
        await _world.CaughtUpAsync("totals");
        await _world.EndAsync("totals");

        await _world.AppendAsync("number/a", Counted(4));
        await _world.AppendAsync("number/a", Counted(8));
        var name = await _world.Store.ScalarAsync<string>("select type from mt_events where seq_id = 3");
        await _world.Store.ScalarAsync<int>("update mt_events set type = 'of-the-next-release' where seq_id = 3; select 1");
        var feed = _world.Store.Get<StoreFeed>().ReadAsync([name], sources: false, pageSize: 10, StoreFeed.Position(2), upTo: null, TestContext.Current.CancellationToken).GetAsyncEnumerator();
        for (var page = 0; page < 3; page++)
        {
            Assert.True(await feed.MoveNextAsync());
            Assert.Equal((0, 2L, false), (feed.Current.Events.Count, feed.Current.Sequence, feed.Current.AtEnd));
        }

        await feed.DisposeAsync();
        await _world.RunAsync("totals");

        await _world.Store.ScalarAsync<int>($"update mt_events set type = '{name}' where seq_id = 3; select 1"); // now it is known
        await _world.CaughtUpAsync("totals");
        Assert.Equal(14, await _world.Store.ScalarAsync<int>("select sum((doc->>'sum')::int)::int from projection_totals"));
    }

    [Fact]
    public async Task An_event_that_only_a_newer_silo_knows_is_left_to_it_also_by_one_that_starts_later()
    {
        await _world.AppendAsync("number/a", Counted(1));
        await _world.AppendAsync("number/a", Counted(2));
        await _world.AppendAsync("number/a", Counted(4));
        var name = await _world.Store.ScalarAsync<string>("select type from mt_events where seq_id = 3");
        await _world.Store.ScalarAsync<int>("""
            update mt_events set type = 'of-the-next-release' where seq_id = 2;
            insert into event_types (name, seen_at) values ('of-the-next-release', clock_timestamp()); select 1
            """);

        await using var later = await _world.UpgradeAsync(s => s.AddProjection<Totals>());
        await using var feed = later.Store.Get<StoreFeed>().ReadAsync([name], sources: false, pageSize: 10, StoreFeed.Position(0), upTo: null, TestContext.Current.CancellationToken).GetAsyncEnumerator();
        for (var page = 0; page < 3; page++)
        {
            Assert.True(await feed.MoveNextAsync());
            Assert.Equal(1L, feed.Current.Sequence);
        }

        await later.Store.ScalarAsync<int>("update event_types set seen_at = clock_timestamp() - interval '2 minutes' where name = 'of-the-next-release'; select 1");
        await ProjectionWorld.UntilAsync("what nobody knows any more is passed over", async () => await feed.MoveNextAsync() && feed.Current.Sequence == 3);
        Assert.Equal(0L, await later.Store.ScalarAsync<long>("select count(*) from (select distinct type from mt_events where type <> 'of-the-next-release') e where type not in (select name from event_types)"));
    }

    [Fact]
    public async Task Silos_that_could_not_speak_for_an_outage_are_not_forgotten_for_it()
    {
        await _world.Store.Get<TypePresence>().StopAsync(TestContext.Current.CancellationToken); // nobody speaks any more
        await _world.Store.ScalarAsync<int>("""
            insert into event_types (name, seen_at) values ('of-the-next-release', clock_timestamp()), ('of-long-ago', clock_timestamp() - interval '10 minutes');
            update event_types set seen_at = seen_at - interval '5 minutes'; select 1
            """);

        var time = new FakeTimeProvider();
        using var later = new TypePresence(_world.Store.Get<StoreDatabase>(), _world.Store.Get<EventTypes>(), _world.Store.Get<IOptions<EventStoreOptions>>(), time);
        await later.StartingAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["of-the-next-release"], (await later.LookAsync(TestContext.Current.CancellationToken)).OfOthers);
        time.Advance(TimeSpan.FromMinutes(1.1)); // whoever runs has spoken again
        Assert.Empty((await later.LookAsync(TestContext.Current.CancellationToken)).OfOthers);
    }

    [Fact]
    public async Task A_runner_that_lost_a_page_to_another_goes_on_from_what_the_other_wrote()
    {
        await _world.AppendAsync("number/a", Counted(1));
        await _world.CaughtUpAsync("totals");

        await using var other = new NpgsqlConnection(_world.Store.ConnectionString);
        await other.OpenAsync();
        await using (var transaction = await other.BeginTransactionAsync())
        {
            await ExecuteAsync(other, "set local search_path = streaming; select 1 from projection_generations where name = 'totals' for update");
            await _world.AppendAsync("number/a", Counted(6));
            await ProjectionWorld.UntilAsync("the runner to stand before the other's page", async () => await _world.Store.ScalarAsync<long>(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%advance_projection%' and datname = current_database()") > 0);
            await ExecuteAsync(other, """
                set local search_path = streaming;
                update projection_totals set doc = '{"sum": 7, "count": 2}', sequence = 2;
                update projection_generations set position = '2', sequence = 2 where name = 'totals'
                """);
            await transaction.CommitAsync();
        }

        await _world.AppendAsync("number/a", Counted(11));
        await _world.CaughtUpAsync("totals");

        Assert.Equal("""[["1", {"sum": 18, "count": 3}, 3]]""", await _world.DumpAsync("totals"));
    }

    [Fact]
    public async Task An_event_touches_several_documents_and_deletes_some()
    {
        await _world.AppendAsync("number/a", Counted(0), Counted(1), Counted(2)); // keys 0, 1, 2
        // 'd' is 100 -> key 0, 'e' 101 -> key 1: "de" has length 2 and names 0 and 1; a name of length 1 with key 1 deletes that document.
        await _world.AppendAsync("number/a", Renamed("de"));
        await _world.AppendAsync("number/a", Renamed("e"));
        await _world.CaughtUpAsync("totals");

        Assert.Equal("""[["0", {"sum": 0, "last": "de", "count": 1}, 4], ["2", {"sum": 2, "count": 1}, 3]]""", await _world.DumpAsync("totals"));

        await _world.AppendAsync("number/a", Counted(11));
        await _world.CaughtUpAsync("totals");
        Assert.Equal("""{"sum": 11, "count": 1}""", (await _world.Reader.GetAsync("totals", "1"))!.Json);
    }

    [Fact]
    public async Task Lists_page_by_key_by_prefix_and_by_a_declared_number()
    {
        foreach (var name in new[] { "a", "b1", "b2", "b3", "c" })
            await _world.AppendAsync($"number/{name}", Counted(1));
        await _world.AppendAsync("number/t", Counted(10), Counted(21), Counted(32), Counted(43), Counted(54));
        await _world.CaughtUpAsync("totals");
        await _world.CaughtUpAsync("per-stream");

        Assert.Equal(["a", "b1", "b2", "b3", "c", "t"], await KeysAsync("per-stream", new DocumentQuery(Limit: 2)));
        Assert.Equal(["b1", "b2", "b3"], await KeysAsync("per-stream", new DocumentQuery(Limit: 2, Prefix: "b")));
        Assert.Equal(["4", "3", "2", "1", "0"], await KeysAsync("totals", new DocumentQuery(Limit: 2, OrderBy: "sum")));
    }

    [Fact]
    public async Task What_cannot_be_read_is_refused_with_a_reason()
    {
        await _world.RunAsync("totals");
        Assert.Equal(ProjectionRefusal.NotFound, (await RefusedAsync("nothing", new())).Reason);
        Assert.Equal(ProjectionRefusal.NotFound, (await RefusedAsync("x; drop table y", new())).Reason);
        Assert.Contains("It is by: sum.", (await RefusedAsync("totals", new(OrderBy: "count"))).Message, StringComparison.Ordinal);
        Assert.Contains("cursor", (await RefusedAsync("totals", new(Cursor: "@@"))).Message, StringComparison.Ordinal);
        Assert.Contains("1 to 1,000", (await RefusedAsync("totals", new(Limit: 0))).Message, StringComparison.Ordinal);

        await _world.AppendAsync("number/a", Counted(1), Counted(2));
        await _world.CaughtUpAsync("totals");
        var ofKeys = (await _world.Reader.ListAsync("totals", new(Limit: 1))).Next;
        Assert.Contains("cursor", (await RefusedAsync("totals", new(Cursor: ofKeys, OrderBy: "sum"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_projection_that_no_one_runs_is_a_problem_that_is_shown()
    {
        await _world.RunAsync("totals");
        Assert.Contains(await _world.Projections.ProblemsAsync(), p => p.Contains("'per-stream' was never started", StringComparison.Ordinal));

        await _world.EndAsync("totals");
        await _world.Store.ScalarAsync<int>("update projection_generations set seen_at = now() - interval '1 minute'; select 1");
        Assert.Equal(ProjectionState.Stopped, (await _world.Projections.GetAsync("totals"))!.State);
        Assert.Contains(await _world.Projections.ProblemsAsync(), p => p.Contains("'totals' is stopped", StringComparison.Ordinal));
    }

    private async Task<ProjectionException> RefusedAsync(string name, DocumentQuery query) =>
        await Assert.ThrowsAsync<ProjectionException>(async () => await _world.Reader.ListAsync(name, query));

    private async Task<List<string>> KeysAsync(string name, DocumentQuery query)
    {
        var keys = new List<string>();
        do
        {
            var page = await _world.Reader.ListAsync(name, query);
            Assert.InRange(page.Items.Count, 0, query.Limit);
            keys.AddRange(page.Items.Select(d => d.Key));
            query = query with { Cursor = page.Next };
        }
        while (query.Cursor is not null);
        return keys;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}

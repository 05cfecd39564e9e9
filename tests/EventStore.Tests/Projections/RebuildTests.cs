using EventStore.Operations;
using EventStore.Projections;
using EventStore.Projections.Running;
using Npgsql;
using static EventStore.Tests.Appends;

namespace EventStore.Tests.Projections;

public sealed class RebuildTests(PostgresServer postgres) : IAsyncLifetime
{
    private ProjectionWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await ProjectionWorld.FreshAsync(
        postgres, s => s.AddProjection<Totals>().AddProjection<PerStream>(), o => o.PageSize = 10);

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task A_rebuild_repairs_damaged_documents_while_live_events_go_on()
    {
        await AppendAsync(40);
        await _world.CaughtUpAsync("totals");
        await _world.Store.ScalarAsync<int>("update projection_totals set doc = '{\"sum\": -1}'; select 1");

        var replay = await _world.Replays.StartAsync(new ReplayRequest("totals"), "ada");
        Assert.Equal((ReplayState.Running, 40L, 1), (replay.State, replay.Total, replay.Version));
        var writing = AppendAsync(40);
        await CompletedAsync(replay.Id, "totals");
        await writing;
        await _world.CaughtUpAsync("totals");

        Assert.Equal(80, await SumOfCountsAsync("totals"));
        var done = (await _world.Replays.GetAsync(replay.Id))!;
        Assert.Equal((40L, 40L, "ada"), (done.Done, done.Total, done.StartedBy));
        Assert.NotNull(done.FinishedAt);
        Assert.Contains(await _world.Store.Get<IOperatorLog>().ListAsync(null, 10), a => (a.Operator, a.Action) == ("ada", "rebuild"));
    }

    [Fact]
    public async Task What_is_rebuilt_has_its_indexes_when_it_is_read_and_not_before()
    {
        await AppendAsync(20);
        await _world.CaughtUpAsync("totals");
        const string indexes = "select count(*) from pg_indexes where indexname ~ '^documents_totals_v.*_o0$'";
        Assert.Equal(1, await _world.Store.ScalarAsync<long>(indexes));
        await _world.EndAsync("totals");

        var replay = await _world.Replays.StartAsync(new ReplayRequest("totals"), "ada");
        Assert.Equal(1, await _world.Store.ScalarAsync<long>(indexes)); // the table is there, and nobody fills it yet
        Assert.Equal(2, await TablesAsync("totals"));
        await CompletedAsync(replay.Id, "totals");
        Assert.Equal(2, await _world.Store.ScalarAsync<long>(indexes)); // with that of the one before, which can come back
    }

    [Fact]
    public async Task A_backup_that_reads_an_earlier_generation_holds_up_no_rebuild()
    {
        await AppendAsync(20);
        await _world.CaughtUpAsync("totals");
        await RebuildAsync();
        await using var backup = new NpgsqlConnection(_world.Store.ConnectionString);
        await backup.OpenAsync();
        await using var transaction = await backup.BeginTransactionAsync();
        await using (var read = new NpgsqlCommand($"select count(*) from streaming.{await EarliestAsync("table_name")}", backup))
            await read.ExecuteScalarAsync();

        await RebuildAsync();
        Assert.Equal("4", await EarliestAsync("stage::text")); // it is no more, although its table is there
        Assert.Equal(3, await TablesAsync("totals"));

        await transaction.RollbackAsync();
        await _world.EndAsync("totals");
        await _world.CaughtUpAsync("totals");
        await ProjectionWorld.UntilAsync("the table to be gone", async () => await TablesAsync("totals") == 2);

        Task<string> EarliestAsync(string column) => _world.Store.ScalarAsync<string>($"select {column} from projection_generations where name = 'totals' order by id limit 1");

        async Task RebuildAsync()
        {
            var replay = await _world.Replays.StartAsync(new ReplayRequest("totals"), "ada");
            await CompletedAsync(replay.Id, "totals");
        }
    }

    [Fact]
    public async Task Events_that_lie_far_apart_among_others_are_all_folded()
    {
        for (var part = 0; part < 3; part++)
        {
            await AppendAsync(5);
            for (var i = 0; i < 20; i++) // more than a page spans
                await _world.AppendAsync("name/1", [.. Enumerable.Range(0, 5).Select(n => Renamed($"{part}-{i}-{n}"))]);
        }

        await _world.CaughtUpAsync("per-stream");
        Assert.Equal(15, await SumOfCountsAsync("per-stream"));
        var replay = await _world.Replays.StartAsync(new ReplayRequest("per-stream"), "ada");
        await CompletedAsync(replay.Id, "per-stream");
        Assert.Equal(15, await SumOfCountsAsync("per-stream"));
    }

    [Fact]
    public async Task Until_the_switch_readers_see_the_old_documents_and_a_second_rebuild_is_refused()
    {
        await AppendAsync(20);
        await _world.CaughtUpAsync("totals");
        await _world.EndAsync("totals");
        var before = await _world.DumpAsync("totals");

        var replay = await _world.Replays.StartAsync(new ReplayRequest("totals"), "ada");
        Assert.Equal(before, await _world.DumpAsync("totals"));
        var refused = await Assert.ThrowsAsync<ProjectionException>(async () => await _world.Replays.StartAsync(new ReplayRequest("totals"), "ada"));
        Assert.Equal(ProjectionRefusal.Conflict, refused.Reason);

        Assert.True(await _world.Replays.CancelAsync(replay.Id, "ada"));
        Assert.False(await _world.Replays.CancelAsync(replay.Id, "ada"));
        Assert.Equal(ReplayState.Cancelled, (await _world.Replays.GetAsync(replay.Id))!.State);
        await _world.CaughtUpAsync("totals");
        Assert.Equal(before, await _world.DumpAsync("totals"));
        Assert.Equal(1, await TablesAsync("totals"));
    }

    [Fact]
    public async Task A_new_version_is_built_beside_the_old_one_takes_its_place_and_can_be_rolled_back()
    {
        await AppendAsync(20);
        await _world.CaughtUpAsync("totals");
        await _world.EndAsync("totals");

        await using var upgraded = await _world.UpgradeAsync(s => s.AddProjection<Totals>().AddProjection<TotalsV2>());
        await ProjectionWorld.UntilAsync("version 2 to be read", async () =>
        {
            await upgraded.RunAsync("totals");
            return (await upgraded.Projections.GetAsync("totals")) is { ActiveVersion: 2 };
        });
        Assert.Equal(["even", "odd"], (await _world.Reader.ListAsync("totals", new())).Items.Select(d => d.Key));

        await upgraded.AppendAsync("number/late", Counted(5));
        await upgraded.Projections.RollBackAsync("totals", "ada");
        await upgraded.CaughtUpAsync("totals");
        Assert.Equal(21, await SumOfCountsAsync("totals")); // version 1 has caught up with what came meanwhile
        Assert.Equal(1, (await upgraded.Projections.GetAsync("totals"))!.ActiveVersion);
        Assert.Equal(["0", "1", "2", "3", "4"], (await _world.Reader.ListAsync("totals", new())).Items.Select(d => d.Key));

        Assert.Equal(1, await upgraded.Projections.CleanUpAsync("totals", "ada"));
        Assert.Equal(1, await TablesAsync("totals"));
        Assert.Equal(ProjectionRefusal.Conflict, (await Assert.ThrowsAsync<ProjectionException>(
            async () => await upgraded.Projections.RollBackAsync("totals", "ada"))).Reason);
    }

    [Fact]
    public async Task What_was_rolled_back_from_or_cancelled_is_not_built_again_by_itself()
    {
        await AppendAsync(20);
        await _world.CaughtUpAsync("totals");
        await _world.EndAsync("totals");
        await using var upgraded = await _world.UpgradeAsync(s => s.AddProjection<Totals>().AddProjection<TotalsV2>());
        await ProjectionWorld.UntilAsync("version 2 to be read", async () =>
        {
            await upgraded.RunAsync("totals");
            return (await upgraded.Projections.GetAsync("totals")) is { ActiveVersion: 2 };
        });

        await upgraded.Projections.RollBackAsync("totals", "ada");
        Assert.Equal(1, await upgraded.Projections.CleanUpAsync("totals", "ada"));
        await upgraded.CaughtUpAsync("totals");
        await RepairedAsync(version: 1); // drops what it replaces
        await RepairedAsync(version: 1);
        Assert.Equal((1, 1), await VersionsAsync());

        await RepairedAsync(version: 2);
        Assert.Equal((2, 2), await VersionsAsync());

        async Task RepairedAsync(int version)
        {
            var replay = await upgraded.Replays.StartAsync(new ReplayRequest("totals") { Version = version }, "ada");
            await ProjectionWorld.UntilAsync("the replay to complete", async () =>
            {
                await upgraded.RunAsync("totals");
                return (await upgraded.Replays.GetAsync(replay.Id))!.State == ReplayState.Completed;
            });
            await upgraded.RunAsync("totals");
        }

        async Task<(int, int?)> VersionsAsync() => (await upgraded.Projections.GetAsync("totals")) is { } s ? (s.Version, s.ActiveVersion) : default;
    }

    [Fact]
    public async Task A_new_version_whose_building_was_cancelled_is_not_begun_again()
    {
        await AppendAsync(20);
        await _world.CaughtUpAsync("totals");
        await _world.EndAsync("totals");
        await using var upgraded = await _world.UpgradeAsync(s => s.AddProjection<Totals>().AddProjection<TotalsV2>());
        await upgraded.Store.Get<ProjectionRunnersFactory>().BuildAsync(new TotalsV2(), default); // as a silo does by itself

        Assert.True(await upgraded.Replays.CancelAsync(Assert.Single(await upgraded.Replays.ListAsync()).Id, "ada"));
        await upgraded.CaughtUpAsync("totals");
        Assert.Single(await upgraded.Replays.ListAsync());
        Assert.Equal(1, (await upgraded.Projections.GetAsync("totals"))!.Version);
    }

    [Fact]
    public async Task A_projection_that_was_taken_out_of_the_program_can_be_cleaned_up_once_no_silo_runs_it()
    {
        await AppendAsync(5);
        await _world.CaughtUpAsync("totals");
        await _world.EndAsync("totals");
        await using var without = await _world.UpgradeAsync(s => s.AddProjection<PerStream>());

        var early = await Assert.ThrowsAsync<ProjectionException>(async () => await without.Projections.CleanUpAsync("totals", "ada"));
        Assert.Equal(ProjectionRefusal.Conflict, early.Reason);
        await _world.Store.ScalarAsync<int>("update projection_generations set seen_at = now() - interval '2 minutes'; select 1");
        Assert.Contains(await without.Projections.ProblemsAsync(), p => p.Contains("clean it up", StringComparison.Ordinal));

        Assert.Equal(1, await without.Projections.CleanUpAsync("totals", "ada"));
        Assert.Null(await without.Projections.GetAsync("totals"));
        Assert.Equal(0, await TablesAsync("totals"));
    }

    [Fact]
    public async Task Of_many_rebuilds_only_the_last_two_generations_are_kept()
    {
        await AppendAsync(5);
        for (var i = 0; i < 3; i++)
        {
            await _world.CaughtUpAsync("totals");
            await CompletedAsync((await _world.Replays.StartAsync(new ReplayRequest("totals"), "ada")).Id, "totals");
        }

        Assert.Equal(2, await TablesAsync("totals"));
        Assert.Equal(3, (await _world.Replays.ListAsync()).Count);
    }

    [Fact]
    public async Task A_replay_under_a_name_of_its_own_folds_a_range_and_ends()
    {
        await AppendAsync(30);
        var replay = await _world.Replays.StartAsync(new ReplayRequest("totals") { Target = "totals-of-may", FromSequence = 11, ToSequence = 20 }, "ada");
        await CompletedAsync(replay.Id, "totals-of-may");

        Assert.Equal(10, await SumOfCountsAsync("totals-of-may"));
        Assert.Equal(ProjectionState.Complete, (await _world.Projections.GetAsync("totals-of-may"))!.State);
        Assert.Equal((10L, 10L), await DoneAsync(replay.Id));
        Assert.Equal(1, await _world.Projections.CleanUpAsync("totals-of-may", "ada"));
        await Assert.ThrowsAsync<ProjectionException>(async () => await _world.Reader.GetAsync("totals-of-may", "1"));
    }

    [Fact]
    public async Task A_replay_of_everything_under_a_name_of_its_own_goes_on_with_live_events()
    {
        await AppendAsync(10);
        var replay = await _world.Replays.StartAsync(new ReplayRequest("per-stream") { Target = "second-look" }, "ada");
        await CompletedAsync(replay.Id, "second-look");
        await AppendAsync(5);
        await _world.CaughtUpAsync("second-look");
        Assert.Equal(15, await SumOfCountsAsync("second-look"));
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused_with_a_reason()
    {
        await RefusedAsync(new ReplayRequest("nothing"), ProjectionRefusal.NotFound, "There is no projection 'nothing'");
        await RefusedAsync(new ReplayRequest("totals") { Version = 7 }, ProjectionRefusal.NotFound, "version 7");
        await RefusedAsync(new ReplayRequest("totals") { Source = "tape" }, ProjectionRefusal.NotFound, "There are: store.");
        await RefusedAsync(new ReplayRequest("totals") { FromSequence = 5 }, ProjectionRefusal.Invalid, "target of its own");
        await RefusedAsync(new ReplayRequest("totals") { Target = "a b" }, ProjectionRefusal.Invalid, "joined by hyphens");
        await RefusedAsync(new ReplayRequest("totals") { Target = "per-stream" }, ProjectionRefusal.Conflict, "a projection of its own");
        await RefusedAsync(new ReplayRequest("totals") { Target = "t", FromSequence = 5, ToSequence = 4 }, ProjectionRefusal.Invalid, "no range");
    }

    private async Task RefusedAsync(ReplayRequest request, ProjectionRefusal reason, string words)
    {
        var refused = await Assert.ThrowsAsync<ProjectionException>(async () => await _world.Replays.StartAsync(request, "ada"));
        Assert.Equal(reason, refused.Reason);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
    }

    private async Task AppendAsync(int count)
    {
        for (var i = 0; i < count; i += 5)
            await _world.AppendAsync($"number/{i % 3}", Counted(i), Counted(i + 1), Counted(i + 2), Counted(i + 3), Counted(i + 4));
    }

    private Task CompletedAsync(long replay, string name) => ProjectionWorld.UntilAsync($"replay {replay} to complete", async () =>
    {
        await _world.RunAsync(name);
        return (await _world.Replays.GetAsync(replay))!.State == ReplayState.Completed;
    });

    private async Task<(long, long)> DoneAsync(long replay)
    {
        var found = (await _world.Replays.GetAsync(replay))!;
        return (found.Done, found.Total);
    }

    private Task<long> SumOfCountsAsync(string name) =>
        _world.Store.ScalarAsync<long>($"select sum((doc->>'count')::int) from projection_{name.Replace('-', '_')}");

    private Task<long> TablesAsync(string name) => _world.Store.ScalarAsync<long>(
        $"select count(*) from pg_tables where schemaname = 'streaming' and tablename like 'documents\\_{name}\\_v%'");
}

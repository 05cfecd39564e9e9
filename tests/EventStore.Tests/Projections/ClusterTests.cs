using EventStore.Appending;
using EventStore.Hosting;
using EventStore.Projections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.TestingHost;
using static EventStore.Tests.Appends;

namespace EventStore.Tests.Projections;

/// <summary>Projections on a cluster of two silos: one of them runs each.</summary>
public sealed class ClusterTests(PostgresServer postgres) : IAsyncLifetime
{
    private InProcessTestCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        var database = await postgres.NewDatabaseAsync();
        var builder = new InProcessTestClusterBuilder(2);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddLogging(l => l.ClearProviders());
            silo.Services.AddEventStore(o => o.ConnectionString = database).AddEventsOf(typeof(ITestEvent));
            silo.Services.AddProjection<PerStream>().AddProjection<Totals>();
            silo.AddProjections(o => o.KeepAlive = TimeSpan.FromMilliseconds(200));
        });
        _cluster = builder.Build();
        await _cluster.DeployAsync();
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Projections_run_by_themselves_and_move_when_their_silo_is_gone()
    {
        await AppendAsync("number/a", 0);
        await LiveAsync("per-stream", 1);
        var runner = (await StatusAsync("per-stream"))!.Runner;

        await _cluster.StopSiloAsync(_cluster.Silos.Single(s => s.SiloAddress.ToString() == runner));
        await AppendAsync("number/b", 0);
        await LiveAsync("per-stream", 2);
        Assert.Equal(_cluster.Silos.Single().SiloAddress.ToString(), (await StatusAsync("per-stream"))!.Runner);
    }

    [Fact]
    public async Task A_rebuild_begins_at_once_and_the_grain_carries_it_out()
    {
        await AppendAsync("number/a", 0);
        await LiveAsync("totals", 1);
        var replays = Get<IReplays>();
        var replay = await replays.StartAsync(new ReplayRequest("totals"), "ada");
        await ProjectionWorld.UntilAsync("the rebuild", async () => (await replays.GetAsync(replay.Id))!.State == ReplayState.Completed);
        await LiveAsync("totals", 1);
    }

    private T Get<T>()
        where T : notnull => _cluster.Silos[0].ServiceProvider.GetRequiredService<T>();

    private async Task AppendAsync(string stream, long expected) =>
        Assert.IsType<AppendVerdict.Committed>(await Get<IGroupCommit>().AppendAsync(To(stream, expected, Counted(1))));

    private ValueTask<ProjectionStatus?> StatusAsync(string name) => Get<IProjections>().GetAsync(name);

    private Task LiveAsync(string name, long sequence) => ProjectionWorld.UntilAsync($"'{name}' at {sequence}", async () =>
        await StatusAsync(name) is { State: ProjectionState.Live, Lag: 0 } status && status.Sequence == sequence);
}

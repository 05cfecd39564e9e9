using System.Diagnostics;
using EventStore.Appending;
using EventStore.Projections;
using EventStore.Projections.Running;
using Microsoft.Extensions.DependencyInjection;
using static EventStore.Tests.Appends;

namespace EventStore.Tests.Projections;

/// <summary>A store with projections, and their runners without a cluster: a test starts, stops and kills them itself.</summary>
internal sealed class ProjectionWorld : IAsyncDisposable
{
    private readonly Dictionary<string, ProjectionRunners> _runners = [];
    private readonly Dictionary<string, long> _versions = [];

    private ProjectionWorld(TestStore store) => Store = store;

    public TestStore Store { get; }

    public IProjections Projections => Store.Get<IProjections>();

    public IReplays Replays => Store.Get<IReplays>();

    public IProjectionReader Reader => Store.Get<IProjectionReader>();

    public static async Task<ProjectionWorld> FreshAsync(PostgresServer postgres, Action<IServiceCollection> projections, Action<ProjectionOptions>? configure = null) =>
        new(await TestStore.FreshAsync(postgres, services: services => Register(services, projections, configure)));

    /// <summary>Another program on the same database, as after an upgrade.</summary>
    public async Task<ProjectionWorld> UpgradeAsync(Action<IServiceCollection> projections) =>
        new(await TestStore.StartAsync(Store.ConnectionString, services: services => Register(services, projections, null)));

    public async Task<StoredEventAt> AppendAsync(string stream, params EventToAppend[] events)
    {
        var expected = _versions.GetValueOrDefault(stream);
        var verdict = await Store.Get<IGroupCommit>().AppendAsync(To(stream, expected, events));
        Assert.IsType<AppendVerdict.Committed>(verdict);
        _versions[stream] = expected + events.Length;
        return new(stream, expected + events.Length, await NewestAsync());
    }

    public Task<long> NewestAsync() => Store.ScalarAsync<long>("select coalesce(max(seq_id), 0) from mt_events");

    /// <summary>Starts the runners of a name, or lets them look again.</summary>
    public async Task<ProjectionRunners> RunAsync(string name)
    {
        if (!_runners.TryGetValue(name, out var runners))
            _runners[name] = runners = Store.Get<ProjectionRunnersFactory>().Create(name);
        await runners.RefreshAsync(CancellationToken.None);
        return runners;
    }

    /// <summary>Ends the runners of a name, as a silo that stops does.</summary>
    public async Task EndAsync(string name)
    {
        if (_runners.Remove(name, out var runners))
            await runners.DisposeAsync();
    }

    public Task CaughtUpAsync(string name) => UntilAsync($"'{name}' to hold every event", async () =>
    {
        await RunAsync(name);
        return await Projections.GetAsync(name) is { Lag: 0, State: ProjectionState.Live };
    });

    public async Task<ProjectionStatus> StateAsync(string name, ProjectionState state)
    {
        ProjectionStatus? status = null;
        await UntilAsync(() => $"'{name}' to be {state}; it is {status}", async () => (status = await Projections.GetAsync(name))?.State == state);
        return status!;
    }

    /// <summary>What readers see: key, document, sequence.</summary>
    public Task<string> DumpAsync(string name) => Store.ScalarAsync<string>(
        $"select coalesce(jsonb_agg(jsonb_build_array(key, doc, sequence) order by key), '[]')::text from projection_{name.Replace('-', '_')}");

    public static Task UntilAsync(string what, Func<Task<bool>> condition) => UntilAsync(() => what, condition);

    private static async Task UntilAsync(Func<string> what, Func<Task<bool>> condition)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(60), $"waited a minute for {what()}");
            await Task.Delay(15);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var runners in _runners.Values)
            await runners.DisposeAsync();
        await Store.DisposeAsync();
    }

    private static void Register(IServiceCollection services, Action<IServiceCollection> projections, Action<ProjectionOptions>? configure)
    {
        services.AddProjectionAccess(o =>
        {
            o.LiveInterval = TimeSpan.Zero;
            configure?.Invoke(o);
        });
        services.AddProjectionRunning();
        services.AddSingleton(new RunnerName("test"));
        projections(services);
    }
}

internal sealed record StoredEventAt(string Stream, long Version, long Sequence);

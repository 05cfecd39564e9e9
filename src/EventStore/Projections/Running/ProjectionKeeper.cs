using EventStore.Appending;
using EventStore.Projections.Storage;
using Microsoft.Extensions.Options;

namespace EventStore.Projections.Running;

/// <summary>
/// On each silo: sees to it, every two seconds, that every projection is run somewhere. When a silo dies, its projections wake up on another
/// with the next look. It also watches Marten's high-water mark, which can stand still without any error.
/// </summary>
internal sealed class ProjectionKeeper(
    IGrainFactory grains, ProjectionSet set, GenerationStore store, ProjectionQueries queries, IOptions<ProjectionOptions> options, TimeProvider time,
    ProjectionLog log) : ILifecycleParticipant<ISiloLifecycle>
{
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<string> _failing = new(StringComparer.Ordinal);
    private Task _loop = Task.CompletedTask;
    private bool _stalled;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
        nameof(ProjectionKeeper), ServiceLifecycleStage.Active,
        _ =>
        {
            _loop = Task.Run(() => KeepAsync(_stop.Token), CancellationToken.None);
            return Task.CompletedTask;
        },
        async _ =>
        {
            await _stop.CancelAsync();
            await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });

    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAll((await NamesAsync(cancellationToken)).Select(name => KeepAsync(name, cancellationToken)));
            await TryAsync("high-water mark", () => WatchMarkAsync(cancellationToken), cancellationToken);
            await Task.Delay(options.Value.KeepAlive, time, cancellationToken);
        }
    }

    private async Task<IEnumerable<string>> NamesAsync(CancellationToken cancellationToken)
    {
        IEnumerable<string> stored = [];
        await TryAsync("list of projections", async () => stored = await store.RunnableNamesAsync(cancellationToken), cancellationToken);
        return set.Names.Union(stored, StringComparer.Ordinal);
    }

    private Task KeepAsync(string name, CancellationToken cancellationToken) =>
        TryAsync(name, () => grains.GetGrain<IProjectionGrain>(name).RefreshAsync(), cancellationToken);

    private async Task WatchMarkAsync(CancellationToken cancellationToken)
    {
        var mark = await queries.HighWaterAsync(cancellationToken);
        ProjectionMetrics.Stalled(mark.StalledSeconds);
        var stalled = mark.StalledSeconds > options.Value.StallAfter.TotalSeconds;
        if (stalled && !_stalled)
            log.Stalled(mark.Mark, mark.Newest, mark.StalledSeconds);
        if (!stalled && _stalled)
            log.MovesAgain(mark.Mark);
        _stalled = stalled;
    }

    // Nothing may end the loop; what fails is said once, until it works again.
    private async Task TryAsync(string what, Func<Task> run, CancellationToken cancellationToken)
    {
        try
        {
            await run();
            lock (_failing)
                _failing.Remove(what);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            bool first;
            lock (_failing)
                first = _failing.Add(what);
            if (first && e is not StoreUnavailableException)
                log.KeepAliveFailed(what, e.Message);
        }
    }
}

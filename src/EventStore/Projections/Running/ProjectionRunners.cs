using EventStore.Projections.Storage;

namespace EventStore.Projections.Running;

/// <summary>The runners of one name: one for the generation that is read, and one for a generation that is being built beside it.</summary>
internal sealed class ProjectionRunners(
    string name, ProjectionSet set, GenerationStore store, ProjectionRunnersFactory factory, ProjectionQueries queries, RunnerName runner,
    ProjectionLog log) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<int, (Task Task, CancellationTokenSource Stop)> _running = [];
    private readonly SemaphoreSlim _turn = new(1, 1);
    private bool _saidUnknown;

    /// <summary>Starts what must run and does not, stops what must not.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var generations = await CurrentAsync(cancellationToken);
            foreach (var ended in _running.Where(r => r.Value.Task.IsCompleted || !generations.Any(g => g.Id == r.Key && g.CanRun)).Select(r => r.Key).ToList())
                await StopAsync(ended);
            foreach (var generation in generations.Where(g => g.CanRun && !_running.ContainsKey(g.Id)))
                await StartAsync(generation, cancellationToken);
            if (_running.Count > 0)
                await store.SeenAsync(_running.Keys, runner.Value, cancellationToken);
            if (_running.Count > 0 && await queries.GetAsync(name, cancellationToken) is { } status)
                ProjectionMetrics.Show(status);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _turn.WaitAsync();
        foreach (var id in _running.Keys.ToList())
            await StopAsync(id);
        ProjectionMetrics.Hide(name);
        _stop.Dispose();
        _turn.Dispose();
    }

    private async Task<List<Generation>> CurrentAsync(CancellationToken cancellationToken)
    {
        var generations = await store.ListAsync(name, cancellationToken);
        if (generations.Count == 0 && set.Knows(name))
        {
            var kind = set.Subscribers.ContainsKey(name) ? ProjectionKind.Subscriber : ProjectionKind.Documents;
            await store.CreateFirstAsync(name, set.Newest(name)?.Definition, kind, cancellationToken);
            return await store.ListAsync(name, cancellationToken);
        }

        // A version that was rolled back from, or whose building was cancelled, is not built again by itself, also when it has been dropped since.
        if (set.Newest(name)?.Definition is { } newest && generations.Count > 0 && generations.Max(g => g.Version) < newest.Version
            && generations.All(g => g.Stage != GenerationStage.Building) && await store.HighestVersionAsync(name, cancellationToken) < newest.Version)
        {
            log.BuildsNewVersion(name, newest.Version, generations.Max(g => g.Version));
            await factory.BuildAsync(newest, cancellationToken);
            return await store.ListAsync(name, cancellationToken);
        }

        return generations;
    }

    private async Task StartAsync(Generation generation, CancellationToken cancellationToken)
    {
        if (await factory.CreateAsync(generation, cancellationToken) is not { } made)
        {
            if (!_saidUnknown)
                log.NotRegistered(generation.Definition, generation.Version);
            _saidUnknown = true;
            return;
        }

        log.Started(generation.Name, generation.Version, generation.Id, generation.Position);
        var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        // On the thread pool: folding a page would hold up a grain's turns.
        _running[generation.Id] = (Task.Run(() => made.RunAsync(stop.Token), CancellationToken.None), stop);
    }

    private async Task StopAsync(int id)
    {
        var (task, stop) = _running[id];
        await stop.CancelAsync();
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (task.Exception is { } error)
            log.KeepAliveFailed(name, error.GetBaseException().Message);
        stop.Dispose();
        _running.Remove(id);
    }
}

using EventStore.Projections.Running;

namespace EventStore.Projections;

internal sealed class Replays(
    ProjectionSet set, ReplayLog log, ProjectionQueries queries, IEnumerable<IReplaySource> sources, ProjectionNudge nudge) : IReplays
{
    public async ValueTask<Replay> StartAsync(ReplayRequest request, string who, CancellationToken cancellationToken = default)
    {
        var definition = Definition(request);
        var target = request.Target ?? request.Projection;
        var source = Source(request);
        Check(request, definition, target, source);

        long total;
        if (source is null)
            total = Math.Max(0, Math.Min(request.ToSequence ?? long.MaxValue, (await queries.HighWaterAsync(cancellationToken)).Newest) - request.FromSequence + 1);
        else
            total = await source.CountAsync(request, cancellationToken);
        var position = source is null ? StoreFeed.Position(request.FromSequence - 1) : "";
        var id = await log.StartAsync(request, definition, position, total, who, cancellationToken);
        await nudge.SendAsync(target);
        return (await log.GetAsync(id, cancellationToken))!.Value.Replay;
    }

    public async ValueTask<IReadOnlyList<Replay>> ListAsync(long? before = null, int limit = 50, CancellationToken cancellationToken = default) =>
        await log.ListAsync(before, limit, cancellationToken);

    public async ValueTask<Replay?> GetAsync(long id, CancellationToken cancellationToken = default) =>
        (await log.GetAsync(id, cancellationToken))?.Replay;

    public async ValueTask<bool> CancelAsync(long id, string who, CancellationToken cancellationToken = default)
    {
        if (await log.GetAsync(id, cancellationToken) is not { } found)
            throw new ProjectionException(ProjectionRefusal.NotFound, $"There is no replay {id}.");
        var target = found.Replay.Request.Target ?? found.Replay.Request.Projection;
        if (!await log.CancelAsync(id, target, found.Generation, who, cancellationToken))
            return false;
        await nudge.SendAsync(target);
        return true;
    }

    private ProjectionDefinition Definition(ReplayRequest request) =>
        (request.Version is { } version ? set.Find(request.Projection, version) : set.Newest(request.Projection))?.Definition
        ?? throw new ProjectionException(ProjectionRefusal.NotFound,
            $"There is no projection '{request.Projection}'{(request.Version is { } v ? $" in version {v}" : "")} in this program.");

    private IReplaySource? Source(ReplayRequest request) => request.Source == ReplayRequest.Store ? null
        : sources.FirstOrDefault(s => s.Name == request.Source) ?? throw new ProjectionException(ProjectionRefusal.NotFound,
            $"There is no source '{request.Source}'. There are: {string.Join(", ", sources.Select(s => s.Name).Prepend(ReplayRequest.Store))}.");

    private void Check(ReplayRequest request, ProjectionDefinition definition, string target, IReplaySource? source)
    {
        if (source is { KeepsOrder: false } && !definition.OrderIndependent)
            throw new ProjectionException(ProjectionRefusal.Invalid, $"Projection '{definition.Name}' depends on the order of events across streams, "
                + $"which '{source.Name}' does not keep: the result would differ from live. Replay it from '{ReplayRequest.Store}'.");
        if (!ProjectionDefinition.ValidName().IsMatch(target) || target.Length > 40)
            throw new ProjectionException(ProjectionRefusal.Invalid, $"The target '{target}' must be lower-case words joined by hyphens, at most 40 characters.");
        if (target != request.Projection && set.Knows(target))
            throw new ProjectionException(ProjectionRefusal.Conflict, $"'{target}' is a projection of its own: choose another target.");
        if (request.FromSequence < 1 || request.ToSequence < request.FromSequence)
            throw new ProjectionException(ProjectionRefusal.Invalid, $"Events {request.FromSequence} to {request.ToSequence} are no range: it begins with 1 or later, and does not end before it begins.");
        if (target == request.Projection && (source is not null || request.FromSequence != 1 || request.ToSequence is not null))
            throw new ProjectionException(ProjectionRefusal.Invalid, $"Only a replay of the whole store may take the place of '{target}': give this one a target of its own.");
    }
}

using EventStore.Aggregates;
using EventStore.Hosting;
using EventStore.Projections.Storage;
using Microsoft.Extensions.Options;

namespace EventStore.Projections.Running;

/// <summary>Makes the runners of a name, and what they are made of.</summary>
internal sealed class ProjectionRunnersFactory(
    ProjectionSet set, GenerationStore store, StoreFeed feed, ReplayLog replays, IEnumerable<IReplaySource> sources, ProjectionQueries queries,
    StoreDataSources dataSources, EventTypes events, IEventSerializer serializer, StoreAvailability availability,
    IOptions<EventStoreOptions> storeOptions, IOptions<ProjectionOptions> options, TimeProvider time, ProjectionLog log, RunnerName runner)
{
    private const int MostForSubscribers = 5_000;

    private readonly RunnerContext _context = new(availability, storeOptions.Value, options.Value, time, log);

    public ProjectionRunners Create(string name) => new(name, set, store, this, queries, runner, log);

    /// <summary>A runner for a generation, or null when this program does not have its projection.</summary>
    public async Task<GenerationRunner?> CreateAsync(Generation generation, CancellationToken cancellationToken)
    {
        if (Target(generation) is not { } target)
            return null;
        var replay = await replays.OfGenerationAsync(generation.Id, cancellationToken);
        return Source(target, replay?.Request) is { } source ? new GenerationRunner(generation, target, source, store, _context) : null;
    }

    /// <summary>Starts building a new version beside the one that is read.</summary>
    public async Task BuildAsync(ProjectionDefinition definition, CancellationToken cancellationToken)
    {
        var newest = (await queries.HighWaterAsync(cancellationToken)).Newest;
        var request = new ReplayRequest(definition.Name) { Version = definition.Version };
        try
        {
            await replays.StartAsync(request, definition, StoreFeed.Position(0), newest, $"silo {runner.Value}", cancellationToken);
        }
        catch (ProjectionException e) when (e.Reason == ProjectionRefusal.Conflict)
        {
            // Another silo, or an operator, was faster.
        }
    }

    private IPageTarget? Target(Generation generation) => generation.Kind switch
    {
        ProjectionKind.Subscriber => set.Subscribers.TryGetValue(generation.Name, out var subscriber)
            ? new SubscriberTarget(subscriber, events, serializer, dataSources, options, storeOptions, time) : null,
        _ => set.Find(generation.Definition, generation.Version) is { } projection ? new DocumentTarget(projection, generation, dataSources) : null,
    };

    /// <summary>A subscriber is given a page as a whole, and again when it fails: it must not be as large as one that only the database sees.</summary>
    private int PageSize(IPageTarget target) => target.Definition is null ? Math.Min(MostForSubscribers, options.Value.PageSize) : options.Value.PageSize;

    private PageSource? Source(IPageTarget target, ReplayRequest? replay)
    {
        if (replay is null or { Source: ReplayRequest.Store })
            return new((position, stop) => feed.ReadAsync(target.EventNames, target.ReadsSources, PageSize(target), position, replay?.ToSequence, stop), Divisible: true, Ends: replay?.ToSequence is not null);
        return sources.FirstOrDefault(s => s.Name == replay.Source) is { } source
            ? new((position, stop) => source.ReadAsync(replay, position.Length == 0 ? null : position, stop), Divisible: false, Ends: true)
            : null;
    }
}

/// <summary>What a runner's process is called in the store: the silo's address in a cluster.</summary>
internal sealed record RunnerName(string Value);

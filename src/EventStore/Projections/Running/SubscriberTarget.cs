using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.Hosting;
using EventStore.Projections.Folding;
using Microsoft.Extensions.Options;

namespace EventStore.Projections.Running;

/// <summary>Gives pages to a subscriber, then moves its checkpoint: a crash between the two makes the page come again.</summary>
internal sealed class SubscriberTarget : IPageTarget
{
    private readonly IEventSubscriber _subscriber;
    private readonly IEventSerializer _serializer;
    private readonly StoreDataSources _dataSources;
    private readonly ProjectionOptions _options;
    private readonly RetryDelay _delay;
    private readonly Dictionary<string, Type> _types;

    public SubscriberTarget(
        IEventSubscriber subscriber, EventTypes events, IEventSerializer serializer, StoreDataSources dataSources,
        IOptions<ProjectionOptions> options, IOptions<EventStoreOptions> storeOptions, TimeProvider time)
    {
        (_subscriber, _serializer, _dataSources, _options) = (subscriber, serializer, dataSources, options.Value);
        _delay = new RetryDelay(storeOptions.Value.MaxRetryDelay, time);
        _types = events.All.Where(type => subscriber.Events.Any(wanted => wanted.IsAssignableFrom(type)))
            .ToDictionary(EventTypes.NameOf, StringComparer.Ordinal);
        EventNames = [.. _types.Keys];
    }

    public ProjectionDefinition? Definition => null;

    public string[] EventNames { get; }

    public bool ReadsSources => true;

    public TakePage Prepare(IReadOnlyList<StoredEvent> events) => (move, cancellationToken) => TakeAsync(events, move, cancellationToken);

    private async Task TakeAsync(IReadOnlyList<StoredEvent> events, Move move, CancellationToken cancellationToken)
    {
        if (await DeliverAsync(events, cancellationToken) is not { } failure)
        {
            await MoveAsync(move, events.Count, cancellationToken);
            return;
        }

        // One by one, to know which event is to blame, and to pass those before it.
        for (var i = 0; i < events.Count; i++)
        {
            if (events.Count > 1 || failure is null)
                failure = await DeliverAsync([events[i]], cancellationToken);
            if (failure is null)
                continue;
            await MoveAsync(move.UpTo(events[i].Sequence - 1), i, cancellationToken);
            throw new EventFailedException(events[i], failure);
        }

        await MoveAsync(move, events.Count, cancellationToken);
    }

    /// <summary>Returns what the subscriber failed with to the last, or null.</summary>
    private async Task<Exception?> DeliverAsync(IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken)
    {
        if (events.Count == 0)
            return null;
        _delay.Reset();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var page = new SubscribedEvent[events.Count];
                for (var i = 0; i < page.Length; i++)
                    page[i] = new(events[i], _serializer.Deserialize(events[i].StreamKey, events[i].Data, _types[events[i].TypeName]));
                await _subscriber.HandleAsync(page, cancellationToken);
                return null;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                if (attempt >= _options.SubscriberAttempts && !TransientErrors.IsTransient(e))
                    return e;
                ProjectionMetrics.Retried(_subscriber.Name);
                await _delay.WaitAsync(cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    private async Task MoveAsync(Move move, int events, CancellationToken cancellationToken)
    {
        await using var batch = _dataSources.Store.CreateBatch();
        batch.BatchCommands.Add(move.Command(_dataSources.Schema, events));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }
}

using EventPlatform.Topics;
using EventStore.Appending;
using EventStore.Checkpoints;
using EventStore.Hosting;
using EventStore.Projections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace EventPlatform.Hosting;

/// <summary>
/// Keeps a silo from joining another application by mistake: with the default settings two applications would form one cluster over the same tables, and pass over each
/// other's records and events. Topics and projections come and go; a store that shares neither with this program is another application's.
/// </summary>
internal sealed class StoreOwnerCheck(
    IPartitionCheckpoints checkpoints, IProjections projections, PlatformTopics topics, IEnumerable<ProjectionDefinition> definitions,
    IEnumerable<IEventSubscriber> subscribers, IOptions<EventStoreOptions> options, TimeProvider time) : IHostedLifecycleService
{
    /// <inheritdoc/>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await ThrowIfAnothersAsync(cancellationToken);
                return;
            }
            catch (StoreUnavailableException)
            {
                await Task.Delay(options.Value.MaxRetryDelay, time, cancellationToken); // the store has said so
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task ThrowIfAnothersAsync(CancellationToken cancellationToken)
    {
        var read = (await checkpoints.ListAsync(cancellationToken)).Select(c => c.Topic).ToHashSet(StringComparer.Ordinal);
        if (read.Count == 0 || topics.All.Any(t => read.Contains(topics.BrokerNameOf(t.Name))))
            return;
        var known = definitions.Select(d => d.Name).Concat(subscribers.Select(s => s.Name)).ToHashSet(StringComparer.Ordinal);
        var kept = (await projections.ListAsync(cancellationToken)).Select(p => p.Name).ToArray();
        if (kept.Length == 0 || kept.Any(known.Contains))
            return;
        throw new OptionsValidationException("EventStore", typeof(EventStoreOptions),
        [
            $"EventStore:Schema: the tables in schema '{options.Value.Schema}' belong to another application, which reads {string.Join(", ", read.Order())}; this one reads "
            + $"{string.Join(", ", topics.All.Select(t => t.Name).Order())} and shares no projection with it. Give each application a Cluster:Id, Cluster:ServiceId, EventStore:Schema, "
            + "Kafka:ConsumerGroup and Kafka:DeadLetterTopic of its own.",
        ]);
    }
}

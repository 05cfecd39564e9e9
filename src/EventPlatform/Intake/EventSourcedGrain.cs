using EventStore.Aggregates;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Placement;
using Orleans.Streams;
using Orleans.Streams.Core;
using Orleans.Streams.Kafka;

namespace EventPlatform.Intake;

/// <summary>
/// The base of an application's aggregates: it takes the records of its key from Kafka, decides, and stores what was decided, each record
/// exactly once. It returns from a delivery only when everything in it is durable.
/// </summary>
/// <typeparam name="TState">The aggregate.</typeparam>
/// <typeparam name="TRecord">What it takes from Kafka.</typeparam>
/// <typeparam name="TEvent">What it stores.</typeparam>
[PreferLocalPlacement] // beside its partition's agent, so that a dead silo holds up only its own partitions
public abstract class EventSourcedGrain<TState, TRecord, TEvent>
    : AggregateGrain<TState, TRecord, TEvent>, IStreamSubscriptionObserver, IAsyncBatchObserver<KafkaRecord>, IDeadLetterTarget
    where TState : class, IAggregate<TState, TRecord, TEvent>
    where TRecord : class
    where TEvent : class
{
    private TopicReaders? _readers;

    private TopicReaders Readers => _readers ??= ServiceProvider.GetRequiredService<TopicReaders>();

    /// <summary>Attaches this grain to its stream: without an observer Orleans would drop the records silently.</summary>
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) => handleFactory.Create<KafkaRecord>().ResumeAsync(this);

    /// <summary>Takes a delivery.</summary>
    /// <param name="items">The pending records of this key, in order.</param>
    public async Task OnNextAsync(IList<SequentialItem<KafkaRecord>> items)
    {
        var batch = new IncomingRecord<TRecord>[items.Count];
        for (var i = 0; i < batch.Length; i++)
            batch[i] = await Readers.Of<TRecord>(items[i].Item.Topic).ReadAsync(items[i].Item, CancellationToken.None);
        await IntakeAsync(batch, CancellationToken.None);
    }

    /// <summary>Nothing to do: the stream provider presents again what was not delivered.</summary>
    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task<string?> ReprocessAsync(KafkaRecord record)
    {
        var incoming = await Readers.Of<TRecord>(record.Topic).ReadAsync(record, CancellationToken.None);
        return (await ReprocessAsync(incoming))?.Reason;
    }
}

/// <summary>A grain that can take a record again from the dead letters.</summary>
[Alias("event-platform.dead-letter-target")]
public interface IDeadLetterTarget : IGrainWithStringKey
{
    /// <summary>Takes a dead letter's record again, at the end of its stream. Returns when the outcome is durable.</summary>
    /// <param name="record">The record, possibly mended.</param>
    /// <returns>Null when it reached its stream, else why it still cannot be applied.</returns>
    [Alias("reprocess")]
    Task<string?> ReprocessAsync(KafkaRecord record);
}

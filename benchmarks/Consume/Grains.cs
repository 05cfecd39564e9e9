using EventStore.Checkpoints;
using Orleans.Placement;
using Orleans.Streams;
using Orleans.Streams.Core;
using Orleans.Streams.Kafka;

namespace Consume;

/// <summary>Takes a key's records and does nothing.</summary>
public interface IKeyGrain : IGrainWithStringKey;

/// <inheritdoc cref="IKeyGrain"/>
[PreferLocalPlacement]
public sealed class KeyGrain(Progress progress) : Grain, IKeyGrain, IStreamSubscriptionObserver, IAsyncBatchObserver<KafkaRecord>
{
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) => handleFactory.Create<KafkaRecord>().ResumeAsync(this);

    public Task OnNextAsync(IList<SequentialItem<KafkaRecord>> items)
    {
        progress.Took(items.Count, items[0].Item.TimestampMs);
        return Task.CompletedTask;
    }

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
}

/// <summary>Takes a partition's chunks and does nothing but checkpoint, as often as the provider does by key.</summary>
public interface IPartitionGrain : IGrainWithStringKey;

/// <inheritdoc cref="IPartitionGrain"/>
[PreferLocalPlacement]
public sealed class PartitionGrain(Progress progress, IPartitionCheckpoints checkpoints)
    : Grain, IPartitionGrain, IStreamSubscriptionObserver, IAsyncObserver<KafkaChunk>
{
    private static readonly TimeSpan Interval = new KafkaStreamsOptions().CheckpointInterval;
    private KafkaChunk? _last;
    private long? _epoch;
    private long _saved;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(SaveAsync, new GrainTimerCreationOptions(Interval, Interval) { KeepAlive = true });
        return Task.CompletedTask;
    }

    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) => handleFactory.Create<KafkaChunk>().ResumeAsync(this);

    public Task OnNextAsync(KafkaChunk item, StreamSequenceToken? token = null)
    {
        _last = item;
        if (item.Count > 0)
            progress.Took(item.Count, item[0].TimestampMs);
        return Task.CompletedTask;
    }

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;

    public Task OnCompletedAsync() => Task.CompletedTask;

    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        if (_last is not { } chunk || chunk.NextOffset == _saved)
            return;
        _epoch ??= (await checkpoints.TakeOverAsync(ProviderSilo.Provider, chunk.Topic, chunk.Incarnation, chunk.Partition, cancellationToken)).Epoch;
        await checkpoints.SaveAsync(ProviderSilo.Provider, chunk.Topic, chunk.Incarnation, chunk.Partition, _epoch.Value, chunk.NextOffset, cancellationToken);
        _saved = chunk.NextOffset;
    }
}

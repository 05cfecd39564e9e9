using Orleans.Streams.Kafka.Producing;

namespace Orleans.Streams.Kafka.Adapter;

/// <summary>A provider that publishes only: what a client has, which can subscribe to nothing.</summary>
internal class ProducingAdapter(string provider, KafkaSender sender) : IQueueAdapterFactory, IQueueAdapter, IQueueAdapterCache, IDisposable
{
    public string Name => provider;

    // Positions belong to the checkpoints: a token of a subscriber's would be a second truth. Orleans refuses tokens given to a stream that says so.
    public bool IsRewindable => false;

    public virtual StreamProviderDirection Direction => StreamProviderDirection.WriteOnly;

    public virtual Task<IQueueAdapter> CreateAdapter() => Task.FromResult<IQueueAdapter>(this);

    public IQueueAdapterCache GetQueueAdapterCache() => this;

    public virtual IStreamQueueMapper GetStreamQueueMapper() => throw ReadsNothing();

    public Task<IStreamFailureHandler> GetDeliveryFailureHandler(QueueId queueId) => Task.FromResult(FailureHandler);

    public virtual IQueueCache CreateQueueCache(QueueId queueId) => throw ReadsNothing();

    public virtual IQueueAdapterReceiver CreateReceiver(QueueId queueId) => throw ReadsNothing();

    public virtual Task QueueMessageBatchAsync<T>(
        StreamId streamId, IEnumerable<T> events, StreamSequenceToken? token, Dictionary<string, object>? requestContext) =>
        token is null
            ? sender.SendAsync(streamId, events)
            : throw new NotSupportedException($"Kafka gives records their offsets: publish to '{provider}' without a token.");

    public virtual void Dispose() => sender.Dispose();

    protected virtual IStreamFailureHandler FailureHandler => throw ReadsNothing();

    private InvalidOperationException ReadsNothing() => new($"Kafka streams '{provider}' publish only here; a silo reads.");
}

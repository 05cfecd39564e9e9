using System.Collections.Concurrent;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Orleans.Streams.Kafka.Cache;
using Orleans.Streams.Kafka.Hosting;
using Orleans.Streams.Kafka.Producing;
using Orleans.Streams.Kafka.Receiving;
using Orleans.Streams.Kafka.Status;
using Orleans.Streams.Kafka.Topology;

namespace Orleans.Streams.Kafka.Adapter;

/// <summary>What a silo's provider shares among its partitions.</summary>
internal sealed record ProviderParts(
    string Name, TopicDirectory Directory, StatusBoard Status, KafkaSender Sender, SubscriberLookup Subscribers, IPositions Positions,
    TimeProvider Time, ILoggerFactory LoggerFactory);

/// <summary>A provider that reads: it puts a partition's cache, intake, session and receiver together. The shape says what an item is.</summary>
internal abstract class ReadingAdapter<TItem, TPart>(ProviderParts parts, KafkaProviderOptions options) : ProducingAdapter(parts.Name, parts.Sender)
    where TItem : class, IKafkaItem
{
    private static readonly TimeSpan LogEndPatience = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, Lazy<TopicConsumer<TPart>>> _consumers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<QueueId, (PartitionCache<TItem> Cache, PartitionGauge Gauge)> _caches = [];
    private readonly Lazy<GroupMirror?> _mirror = new(() => options.ConsumerGroup is { } group
        ? new(group, options, parts.Time, parts.LoggerFactory.CreateLogger($"Orleans.Streams.Kafka.{parts.Name}"))
        : null);

    private readonly KafkaQueues _queues = new(parts.Directory);
    private readonly ILogger _logger = parts.LoggerFactory.CreateLogger($"Orleans.Streams.Kafka.{parts.Name}");

    protected ILogger Logger => _logger;

    protected ProviderParts Parts => parts;

    protected abstract CacheLimits Limits { get; }

    /// <summary>The fields of a record that are read besides key and value.</summary>
    protected abstract string Fields { get; }

    protected override IStreamFailureHandler FailureHandler => new RepresentingFailureHandler(_logger);

    public override Task<IQueueAdapter> CreateAdapter()
    {
        parts.Directory.Start();
        return base.CreateAdapter();
    }

    public override IStreamQueueMapper GetStreamQueueMapper() => _queues;

    // The agent asks for the cache first, then for its receiver.
    public override IQueueCache CreateQueueCache(QueueId queueId)
    {
        var (stream, partition) = KafkaQueues.Partition(queueId);
        var gauge = new PartitionGauge(parts.Name, stream, options.Streams[stream].Topic, partition, parts.Time, _logger);
        var cache = new PartitionCache<TItem>(Limits, parts.Time, () => parts.Subscribers.Has(stream), gauge);
        _caches[queueId] = (cache, gauge);
        return cache;
    }

    public override IQueueAdapterReceiver CreateReceiver(QueueId queueId)
    {
        var (stream, partition) = KafkaQueues.Partition(queueId);
        var topic = options.Streams[stream].Topic;
        _caches.Remove(queueId, out var made); // when the partition leaves, nothing here may hold what it had cached
        var (cache, gauge) = made;
        var intake = CreateIntake(stream, topic, partition);
        var consumer = _consumers.GetOrAdd(topic, t => new(() => CreateConsumer(stream, t))).Value;
        var session = new PartitionSession<TItem, TPart>(
            new(stream, topic, partition), cache, intake, consumer, _mirror.Value, parts.Positions, options, parts.Directory, gauge, parts.Time, _logger);
        gauge.ReadLevels = () =>
        {
            var (low, high) = intake.Watermarks;
            var generation = cache.Generation; // before its watermark: it may be a moment behind, never ahead

            // What the consumer knows of the end is a moment old: what was read is beyond doubt.
            return new(
                low, high < 0 ? high : Math.Max(high, cache.Position), generation, generation > 0 ? cache.Watermark : -1, cache.Items, cache.Bytes, intake.IsPaused, cache.FailingStreams,
                parts.Directory.Unreachable);
        };
        gauge.AskLogEnd = () =>
        {
            try
            {
                return consumer.QueryWatermarks(partition, LogEndPatience).High;
            }
            catch (Exception e) when (e is KafkaException or ObjectDisposedException)
            {
                _logger.LogDebug(e, "The broker did not say how far {Topic}/{Partition} goes", topic, partition);
                return null;
            }
        };
        if (RereadsAfterFailure)
        {
            gauge.Reread = session.RequestReread;
        }

        return new KafkaReceiver<TItem, TPart>(cache, intake, session, CreateUnroutableLane(), gauge, parts.Status, parts.Time);
    }

    public override void Dispose()
    {
        foreach (var consumer in _consumers.Values.Where(c => c.IsValueCreated))
        {
            consumer.Value.Dispose();
        }

        if (_mirror is { IsValueCreated: true, Value: { } mirror })
        {
            mirror.Dispose();
        }

        base.Dispose();
    }

    protected abstract bool RereadsAfterFailure { get; }

    protected abstract PartitionIntake<TItem, TPart> CreateIntake(string stream, string topic, int partition);

    protected abstract IDeserializer<TPart> CreateDeserializer(string stream, string topic);

    protected virtual UnroutableLane? CreateUnroutableLane() => null;

    private TopicConsumer<TPart> CreateConsumer(string stream, string topic) => new(
        topic, ClientSettings.Consumer(options, parts.Name, Fields), CreateDeserializer(stream, topic), parts.Directory.Suspect, parts.Time, _logger);
}

/// <summary>
/// Fails nothing: the cursor has marked the delivery undelivered already and presents it again. There is neither payload nor exception here, and
/// outages and shutdowns end here too, so nothing could be decided about a record.
/// </summary>
internal sealed class RepresentingFailureHandler(ILogger logger) : IStreamFailureHandler
{
    public bool ShouldFaultSubsriptionOnError => false;

    public Task OnDeliveryFailure(GuidId subscriptionId, string streamProviderName, StreamId streamIdentity, StreamSequenceToken? sequenceToken) =>
        Task.CompletedTask;

    public Task OnSubscriptionFailure(GuidId subscriptionId, string streamProviderName, StreamId streamIdentity, StreamSequenceToken? sequenceToken)
    {
        KafkaLog.SubscriptionFailed(logger, streamIdentity);
        return Task.CompletedTask;
    }
}

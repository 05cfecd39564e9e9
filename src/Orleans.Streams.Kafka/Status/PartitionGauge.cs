using Microsoft.Extensions.Logging;
using Orleans.Streams.Kafka.Cache;

namespace Orleans.Streams.Kafka.Status;

/// <summary>What a partition counts and reports. Written by its agent, its session and the consumer's thread; read by anyone.</summary>
internal sealed class PartitionGauge(string provider, string stream, string topic, int partition, TimeProvider time, ILogger logger) : ICacheObserver
{
    private static readonly TimeSpan SayFailedEvery = TimeSpan.FromSeconds(10);
    private readonly System.Diagnostics.TagList _tags = new() { { "provider", provider }, { "topic", topic }, { "partition", partition } };
    private long _acknowledged;
    private long _redeliveries;
    private long _unsubscribed;
    private long _unroutable;
    private long _skipped;
    private bool _saidUnsubscribed;
    private long? _saidFailedAt;
    private int _unsaidFailures;
    private volatile string? _lastError;
    private volatile string? _incarnation;
    private volatile KafkaPartitionState _state;

    public string Provider => provider;

    public string Stream => stream;

    public string Topic => topic;

    public int Partition => partition;

    /// <summary>Reads the moving numbers of the partition: set when it has a cache and an intake.</summary>
    public Func<Levels>? ReadLevels { get; set; }

    public KafkaPartitionState State => _state;

    public void Reading(string incarnation)
    {
        _incarnation = incarnation;
        _lastError = null;
        _state = KafkaPartitionState.Reading;
    }

    public void Trouble(string error, KafkaPartitionState state = KafkaPartitionState.Retrying)
    {
        _lastError = error;
        _state = state;
    }

    /// <summary>An error that doesn't stop reading, such as a checkpoint that cannot be saved; null when it is over.</summary>
    public void Warn(string? error) => _lastError = error;

    public void Skipped(long records)
    {
        Interlocked.Add(ref _skipped, records);
        KafkaMetrics.Skipped.Add(records, _tags);
    }

    public void Unroutable()
    {
        Interlocked.Increment(ref _unroutable);
        KafkaMetrics.Unroutable.Add(1, _tags);
    }

    public void Received(int items)
    {
        KafkaMetrics.Records.Add(items, _tags);
    }

    void ICacheObserver.Acknowledged(int items) => Interlocked.Add(ref _acknowledged, items);

    void ICacheObserver.Redelivered(StreamId streamId)
    {
        Interlocked.Increment(ref _redeliveries);
        KafkaMetrics.Redeliveries.Add(1, _tags);
    }

    void ICacheObserver.DeliveryFailed(StreamId streamId, long offset, int failures)
    {
        SayFailed(streamId, offset, failures);
        Reread?.Invoke();
    }

    /// <summary>In an outage thousands fail, again and again.</summary>
    private void SayFailed(StreamId streamId, long offset, int failures)
    {
        if (_saidFailedAt is { } at && time.GetElapsedTime(at) < SayFailedEvery)
        {
            _unsaidFailures++;
            return;
        }

        KafkaLog.DeliveryFailed(logger, streamId, topic, partition, offset, failures, _unsaidFailures);
        (_saidFailedAt, _unsaidFailures) = (time.GetTimestamp(), 0);
    }

    void ICacheObserver.Unsubscribed(StreamId streamId, int items)
    {
        Interlocked.Add(ref _unsubscribed, items);
        KafkaMetrics.Unsubscribed.Add(items, _tags);
        if (!_saidUnsubscribed)
        {
            _saidUnsubscribed = true;
            KafkaLog.NoSubscriber(logger, stream, topic, partition);
        }
    }

    /// <summary>Makes a partition whose subscriber keeps its own checkpoint be read again from there; null for others.</summary>
    public Action? Reread { get; set; }

    /// <summary>Asks the broker for the offset after the last record; null when it does not say in time. Blocks.</summary>
    public Func<long?>? AskLogEnd { get; set; }

    public KafkaPartitionStatus Snapshot()
    {
        var levels = ReadLevels?.Invoke() ?? default;
        return new()
        {
            Provider = provider,
            Stream = stream,
            Topic = topic,
            Incarnation = _incarnation,
            Partition = partition,
            State = _state,
            Low = levels.Low >= 0 ? levels.Low : null,
            High = levels.High >= 0 ? levels.High : null,
            Position = levels.Position >= 0 ? levels.Position : null,
            Generation = levels.Generation,
            Outstanding = levels.Items,
            OutstandingBytes = levels.Bytes,
            Paused = levels.Paused,
            FailingStreams = levels.FailingStreams,
            Acknowledged = Interlocked.Read(ref _acknowledged),
            Redeliveries = Interlocked.Read(ref _redeliveries),
            Unsubscribed = Interlocked.Read(ref _unsubscribed),
            Unroutable = Interlocked.Read(ref _unroutable),
            Skipped = Interlocked.Read(ref _skipped),
            LastError = _lastError ?? levels.Unreachable,
        };
    }

    internal readonly record struct Levels(long Low, long High, int Generation, long Position, int Items, long Bytes, bool Paused, int FailingStreams, string? Unreachable);
}

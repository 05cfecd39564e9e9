using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Orleans.Streams.Kafka.Cache;
using Orleans.Streams.Kafka.Status;
using Orleans.Streams.Kafka.Topology;

namespace Orleans.Streams.Kafka.Receiving;

/// <summary>
/// Owns a partition for as long as the silo does: takes its position over, reads, checkpoints the watermark, and starts afresh from the checkpoint
/// whenever something broke (the log was cut, another owner fenced it, the topic became another one).
/// </summary>
internal sealed class PartitionSession<TItem, TPart>(
    PartitionPlace place,
    PartitionCache<TItem> cache,
    PartitionIntake<TItem, TPart> intake,
    TopicConsumer<TPart> consumer,
    GroupMirror? mirror,
    IPositions positions,
    KafkaProviderOptions options,
    TopicDirectory directory,
    PartitionGauge gauge,
    TimeProvider time,
    ILogger logger)
    where TItem : class, IKafkaItem
{
    private static readonly TimeSpan BrokerTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FencedWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan GapWait = TimeSpan.FromSeconds(30);
    private readonly CancellationTokenSource _stopping = new();
    private TaskCompletionSource _rereadRequested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _generation;
    private Task _run = Task.CompletedTask;
    private Held? _held;
    private string? _saidGap;

    public void Start() => _run = Task.Run(() => RunAsync(_stopping.Token));

    /// <summary>Ends this reading and starts at the position that is asked for anew.</summary>
    public void RequestReread() => _rereadRequested.TrySetResult();

    /// <summary>Stops reading, then saves the last checkpoint. The agent must have stopped before.</summary>
    public async Task StopAsync(TimeSpan timeout)
    {
        await _stopping.CancelAsync();
        using var limit = new CancellationTokenSource(timeout, time);
        try
        {
            await _run.WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_held is { } held)
            {
                await SaveAsync(held, limit.Token);
                KafkaLog.GaveUp(logger, place.Topic, place.Partition, held.Saved ?? -1);
            }
        }
        finally
        {
            await consumer.DetachAsync(intake);
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var failures = 0; !cancellationToken.IsCancellationRequested;)
        {
            var wait = TimeSpan.Zero;
            try
            {
                wait = await ReadAsync(cancellationToken);
                failures = 0;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // Whatever it was, the partition is ours to read: say so once, and go on trying.
                var reason = exception is KafkaException kafka ? kafka.Error.Reason : exception.Message;
                gauge.Trouble(reason);
                if (failures++ == 0)
                {
                    KafkaLog.SessionFailed(logger, exception, place.Topic, place.Partition, reason);
                }

                wait = TimeSpan.FromMilliseconds(Math.Min(2000, 100 << Math.Min(failures, 5)));
            }

            await consumer.DetachAsync(intake);
            _held = null;
            await Task.Delay(wait, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Reads until something requires a fresh start; returns how long to wait before it.</summary>
    private async Task<TimeSpan> ReadAsync(CancellationToken cancellationToken)
    {
        _rereadRequested = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var topic = await directory.LookUpAsync(place.Stream, cancellationToken);
        var checkpoint = await positions.TakeOverAsync(topic.Topic, topic.Incarnation, place.Partition, cancellationToken);
        var (low, high) = await OwnThread.RunAsync(() => consumer.QueryWatermarks(place.Partition, BrokerTimeout));
        cancellationToken.ThrowIfCancellationRequested();
        var start = await OwnThread.RunAsync(() => StartDecision.Make(
            checkpoint, low, high, options.Start, t => consumer.OffsetForTime(place.Partition, t, BrokerTimeout), options.Incarnation is null));
        cancellationToken.ThrowIfCancellationRequested();
        if (start.Gap is { } gap && !Accept(start, gap))
        {
            return GapWait; // a topic may be restored, and a broker that was cut off may have said what is not so
        }

        var held = new Held(topic.Incarnation, checkpoint.Epoch, ++_generation) { Saved = checkpoint.NextOffset };
        if (held.Saved != start.Offset)
        {
            // At once: "latest" is another place after a crash, and a skipped gap shall be reported once.
            held.Saved = start.Offset;
            if (!await positions.SaveAsync(topic.Topic, topic.Incarnation, place.Partition, checkpoint.Epoch, start.Offset, cancellationToken))
            {
                return Fenced(held);
            }
        }

        intake.Begin(topic.Incarnation, held.Generation, start.Offset, start.SkipBeforeMs, start.Gap is null ? null : checkpoint.NextOffset);
        intake.Watermarks = (low, high);
        await consumer.AttachAsync(intake, start.Offset);
        (_held, _saidGap) = (held, null);
        gauge.Reading(topic.Incarnation);
        KafkaLog.Reading(logger, topic.Topic, place.Partition, start.Offset, start.Reason, topic.Incarnation, checkpoint.Epoch);
        return await CheckpointUntilBrokenAsync(held, cancellationToken);
    }

    private async Task<TimeSpan> CheckpointUntilBrokenAsync(Held held, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(options.CheckpointInterval, time);
        var broken = Task.WhenAny(intake.Failed, _rereadRequested.Task);
        while (true)
        {
            var tick = timer.WaitForNextTickAsync(cancellationToken).AsTask();
            await Task.WhenAny(tick, broken);
            cancellationToken.ThrowIfCancellationRequested();
            if (!await SaveAsync(held, cancellationToken))
            {
                return Fenced(held);
            }

            if (intake.Failed.IsCompleted)
            {
                var error = await intake.Failed;
                throw new KafkaException(error);
            }

            if (_rereadRequested.Task.IsCompleted)
            {
                return options.RedeliveryBackoff;
            }

            // The consumer alone would wait for a deleted topic, and might go on in the middle of one that took its name.
            if (!directory.Topics.TryGetValue(place.Stream, out var topic))
            {
                throw new KafkaException(new Error(Confluent.Kafka.ErrorCode.UnknownTopicOrPart, "the topic is gone"));
            }

            if (topic.Incarnation != held.Incarnation)
            {
                throw new KafkaException(new Error(Confluent.Kafka.ErrorCode.UnknownTopicId, $"the topic was created again, as {topic.Incarnation}"));
            }
        }
    }

    /// <summary>False when another owner has the partition.</summary>
    private async Task<bool> SaveAsync(Held held, CancellationToken cancellationToken)
    {
        // Before the agent has met the start mark, the cache's watermark is a former session's.
        if (cache.Generation != held.Generation)
        {
            return true;
        }

        var next = cache.Watermark;
        if (next == held.Saved)
        {
            return true;
        }

        try
        {
            if (!await positions.SaveAsync(place.Topic, held.Incarnation, place.Partition, held.Epoch, next, cancellationToken))
            {
                return false;
            }

            KafkaMetrics.Checkpoints.Add(1, new KeyValuePair<string, object?>("topic", place.Topic));
            held.Saved = next;
            mirror?.Moved(place.Topic, place.Partition, next);
            if (held.SaveFails)
            {
                held.SaveFails = false;
                gauge.Warn(null);
                KafkaLog.CheckpointRecovered(logger, place.Topic, place.Partition, next);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            KafkaMetrics.CheckpointFailures.Add(1, new KeyValuePair<string, object?>("topic", place.Topic));
            if (!held.SaveFails)
            {
                held.SaveFails = true;
                gauge.Warn($"the checkpoint cannot be saved: {exception.Message}");
                KafkaLog.CheckpointFailed(logger, exception, place.Topic, place.Partition);
            }
        }

        return true;
    }

    private bool Accept(StartDecision start, string gap)
    {
        if (options.OnGap == KafkaGapPolicy.SkipToEarliest && start.CanSkip)
        {
            gauge.Skipped(start.Missing);
            KafkaLog.GapSkipped(logger, place.Topic, place.Partition, gap, start.Offset);
            return true;
        }

        var advice = start.CanSkip
            ? $"Decide whether these records may be missed, then set the provider's option {nameof(options.OnGap)} from {options.OnGap} to {nameof(KafkaGapPolicy.SkipToEarliest)} for one start, or restore the topic"
            : "New records take offsets that were read before, so none can be skipped to: restore the topic, or set Incarnation to a new value, which stays and with which its offsets are new ones, and OnGap to SkipToEarliest for one start (options of the provider)";
        gauge.Trouble($"gap: {gap}. {advice}", KafkaPartitionState.StoppedAtGap);
        if (_saidGap != gap)
        {
            KafkaLog.GapStopped(logger, place.Topic, place.Partition, gap, advice);
        }

        _saidGap = gap;
        return false;
    }

    private TimeSpan Fenced(Held held)
    {
        gauge.Trouble("taken over by another owner");
        KafkaLog.Fenced(logger, place.Topic, place.Partition, held.Epoch);
        return FencedWait;
    }

    private sealed class Held(string incarnation, long epoch, int generation)
    {
        public string Incarnation => incarnation;

        public long Epoch => epoch;

        public int Generation => generation;

        public long? Saved { get; set; }

        public bool SaveFails { get; set; }
    }
}

/// <summary>Which partition it is.</summary>
internal sealed record PartitionPlace(string Stream, string Topic, int Partition);

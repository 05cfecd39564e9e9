using System.Collections.Concurrent;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Orleans.Streams.Kafka.Receiving;

/// <summary>
/// A topic's consumer on this silo: one librdkafka client and one thread for all of the topic's partitions that the silo owns. One client per
/// topic shares its connections and fetches among partitions, which tens of clients would not; one thread keeps a partition's records in order and
/// needs no locks. Partitions are assigned by the provider: there is no consumer group to rebalance.
/// </summary>
internal sealed class TopicConsumer<TPart> : IDisposable
{
    private static readonly TimeSpan IdleWait = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Milliseconds that full partitions, all together, are waited for before they are paused. A pause throws away what was fetched ahead, so a short
    /// stall must not cause one; what the other partitions wait meanwhile does not grow with the number of full ones.
    /// </summary>
    private const int FullWaitMs = 20;
    private static readonly TimeSpan WatermarkInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan DownInterval = TimeSpan.FromMinutes(1);
    private readonly string _topic;
    private readonly Action<string> _onBrokersDown;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SharedKafkaClient<IConsumer<TPart, TPart>> _client;
    private readonly IConsumer<TPart, TPart> _consumer;
    private readonly ConcurrentQueue<Action> _commands = new();
    private readonly Dictionary<int, IPartitionIntake<TPart>> _intakes = [];
    private readonly Thread _thread;
    private volatile bool _stopping;
    private long _watermarksAt;
    private long? _saidDownAt;

    public TopicConsumer(string topic, ConsumerConfig config, IDeserializer<TPart> deserializer, Action<string> onBrokersDown, TimeProvider time, ILogger logger)
    {
        (_topic, _onBrokersDown, _time, _logger) = (topic, onBrokersDown, time, logger);
        _client = new(() => new ConsumerBuilder<TPart, TPart>(config)
            .SetKeyDeserializer(deserializer)
            .SetValueDeserializer(deserializer)
            .SetErrorHandler((_, error) => OnClientError(error))
            .SetLogHandler((_, line) => KafkaLog.Librdkafka(_logger, line.Name, line.Message))
            .Build(), client => client.Close());
        _consumer = _client.Call(client => client); // for the thread: it ends before the client, so its calls need not count
        _thread = new(Run) { IsBackground = true, Name = $"kafka {topic}" };
        _thread.Start();
    }

    /// <summary>Starts reading a partition at an offset.</summary>
    public Task AttachAsync(IPartitionIntake<TPart> intake, long offset) => InvokeAsync(() =>
    {
        _intakes[intake.Partition] = intake;
        _consumer.IncrementalAssign([new TopicPartitionOffset(_topic, intake.Partition, offset)]);
    });

    /// <summary>Stops reading a partition. When it has ended, the intake hears nothing more.</summary>
    public Task DetachAsync(IPartitionIntake<TPart> intake) => InvokeAsync(() =>
    {
        if (_intakes.TryGetValue(intake.Partition, out var current) && ReferenceEquals(current, intake))
        {
            _intakes.Remove(intake.Partition);
            if (intake.IsPaused)
            {
                // librdkafka remembers a pause beyond the assignment, and the next one would read nothing.
                intake.IsPaused = false;
                _consumer.Resume([new(_topic, intake.Partition)]);
            }

            _consumer.IncrementalUnassign([new TopicPartition(_topic, intake.Partition)]);
        }
    });

    /// <summary>The offsets that the partition holds: from the first, up to but without the second. Blocks for up to the timeout.</summary>
    public (long Low, long High) QueryWatermarks(int partition, TimeSpan timeout)
    {
        var offsets = _client.Call(client => client.QueryWatermarkOffsets(new(_topic, partition), timeout));
        return (offsets.Low.Value, offsets.High.Value);
    }

    /// <summary>The first offset at or after a time; null when there is none, or the broker cannot tell. Blocks for up to the timeout.</summary>
    public long? OffsetForTime(int partition, long timestampMs, TimeSpan timeout)
    {
        var time = new TopicPartitionTimestamp(new(_topic, partition), new Timestamp(timestampMs, TimestampType.CreateTime));
        var found = _client.Call(client => client.OffsetsForTimes([time], timeout))[0].Offset;
        return found.IsSpecial ? null : found.Value;
    }

    public void Dispose()
    {
        _stopping = true;
        _thread.Join();
        _client.Dispose();
    }

    private Task InvokeAsync(Action action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_stopping)
        {
            return Task.CompletedTask;
        }

        _commands.Enqueue(() =>
        {
            try
            {
                action();
                done.SetResult();
            }
            catch (KafkaException exception)
            {
                done.SetException(exception);
            }
        });
        return done.Task;
    }

    private void Run()
    {
        while (!_stopping || !_commands.IsEmpty)
        {
            try
            {
                RunCommands();
                ConsumeOnce();
                SteerFlow();
            }
            catch (ConsumeException exception)
            {
                OnPartitionError(exception);
            }
            catch (KafkaException exception)
            {
                KafkaLog.ConsumerError(_logger, exception, _topic, exception.Error.Reason);
            }
        }
    }

    private void RunCommands()
    {
        while (_commands.TryDequeue(out var command))
        {
            command();
        }
    }

    private void ConsumeOnce()
    {
        // A burst between two looks at commands and flow, so that both cost nothing per record.
        for (var i = 0; i < 256; i++)
        {
            var result = _consumer.Consume(0);
            if (result is null)
            {
                foreach (var intake in _intakes.Values)
                {
                    intake.Flush();
                }

                result = i > 0 ? null : _consumer.Consume(IdleWait);
                if (result is null)
                {
                    return;
                }
            }

            if (!_intakes.TryGetValue(result.Partition.Value, out var target))
            {
                continue;
            }

            if (result.IsPartitionEOF)
            {
                target.OnEnd(result.Offset.Value);
            }
            else
            {
                target.OnRecord(result);
            }
        }
    }

    private void SteerFlow()
    {
        var patienceMs = FullWaitMs;
        foreach (var intake in _intakes.Values)
        {
            if (!intake.IsPaused && intake.IsFull && !MakesRoom(intake, ref patienceMs))
            {
                intake.IsPaused = true;
                _consumer.Pause([new(_topic, intake.Partition)]);
            }
            else if (intake.IsPaused && intake.IsDrained)
            {
                intake.IsPaused = false;
                _consumer.Resume([new(_topic, intake.Partition)]);
            }
        }

        if (_time.GetElapsedTime(_watermarksAt) >= WatermarkInterval)
        {
            _watermarksAt = _time.GetTimestamp();
            foreach (var intake in _intakes.Values)
            {
                var known = _consumer.GetWatermarkOffsets(new(_topic, intake.Partition));
                intake.Watermarks = (known.Low.IsSpecial ? -1 : known.Low.Value, known.High.IsSpecial ? -1 : known.High.Value);
            }
        }
    }

    /// <summary>Whether an agent takes something out in time. It says so to nobody, so it is looked for.</summary>
    private bool MakesRoom(IPartitionIntake<TPart> intake, ref int patienceMs)
    {
        for (; intake.IsFull && patienceMs > 0 && !_stopping; patienceMs--)
        {
            Thread.Sleep(1);
        }

        return !intake.IsFull;
    }

    private void OnPartitionError(ConsumeException exception)
    {
        var partition = exception.ConsumerRecord?.Partition.Value ?? -1;
        if (_intakes.TryGetValue(partition, out var intake))
        {
            intake.OnError(exception.Error);
        }
        else
        {
            KafkaLog.ConsumerError(_logger, exception, _topic, exception.Error.Reason);
        }
    }

    private void OnClientError(Error error)
    {
        if (error.Code == Confluent.Kafka.ErrorCode.Local_AllBrokersDown)
        {
            // librdkafka says so with each attempt, several times a second.
            if (_saidDownAt is not { } at || _time.GetElapsedTime(at) >= DownInterval)
            {
                _saidDownAt = _time.GetTimestamp();
                KafkaLog.BrokersDown(_logger, _topic, error.Reason);
            }

            _onBrokersDown(error.Reason);
        }
        else if (error.IsFatal)
        {
            KafkaLog.ConsumerFatal(_logger, _topic, error.Reason);
        }
        else
        {
            KafkaLog.ConsumerTrouble(_logger, _topic, error.Reason);
        }
    }
}

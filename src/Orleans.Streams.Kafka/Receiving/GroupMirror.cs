using System.Collections.Concurrent;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Orleans.Streams.Kafka.Hosting;

namespace Orleans.Streams.Kafka.Receiving;

/// <summary>
/// Tells a consumer group where the checkpoints stand, for tools that show a group's lag; nothing is read from it. It has a client of its own: librdkafka reads no
/// partition that is newly assigned while a commit of the same client waits, as it does when the group has no coordinator or may not be written.
/// </summary>
internal sealed class GroupMirror : IDisposable
{
    private readonly string _group;
    private readonly ILogger _logger;
    private readonly Lazy<IConsumer<Ignore, Ignore>> _client;
    private readonly ConcurrentDictionary<TopicPartition, long> _changed = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;
    private bool _saidFailed;

    public GroupMirror(string group, KafkaProviderOptions options, TimeProvider time, ILogger logger)
    {
        (_group, _logger) = (group, logger);
        // A consumer that consumes nothing: librdkafka's admin client ends the process when such a request comes back after an outage of minutes.
        _client = new(() => new ConsumerBuilder<Ignore, Ignore>(ClientSettings.Mirror(options, group))
            .SetErrorHandler((_, error) => KafkaLog.Librdkafka(logger, group, error.Reason))
            .SetLogHandler((_, line) => KafkaLog.Librdkafka(logger, line.Name, line.Message)).Build());
        var interval = options.CheckpointInterval < TimeSpan.FromMilliseconds(100) ? TimeSpan.FromMilliseconds(100) : options.CheckpointInterval;
        _running = Task.Run(() => RunAsync(interval, time));
    }

    /// <summary>A partition's checkpoint has moved.</summary>
    public void Moved(string topic, int partition, long nextOffset) => _changed[new(topic, partition)] = nextOffset;

    /// <summary>Tells what is left, unless the group cannot be told just now.</summary>
    public void Dispose()
    {
        _stopping.Cancel();
        _running.Wait();
        if (!_saidFailed)
        {
            Tell();
        }

        if (_client.IsValueCreated)
        {
            _client.Value.Dispose();
        }

        _stopping.Dispose();
    }

    private async Task RunAsync(TimeSpan interval, TimeProvider time)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                await OwnThread.RunAsync(() =>
                {
                    Tell();
                    return true;
                });
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private void Tell()
    {
        var moved = _changed.ToArray();
        if (moved.Length == 0)
        {
            return;
        }

        try
        {
            _client.Value.Commit(moved.Select(m => new TopicPartitionOffset(m.Key, m.Value)));
            foreach (var told in moved)
            {
                _changed.TryRemove(told); // unless it has moved on meanwhile
            }

            _saidFailed = false;
        }
        catch (Exception exception)
        {
            if (!_saidFailed)
            {
                KafkaLog.NotMirrored(_logger, _group, exception is KafkaException kafka ? kafka.Error.Reason : exception.Message);
            }

            _saidFailed = true;
        }
    }
}

using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Orleans.Streams.Kafka.Receiving;

/// <summary>Hands a partition's unroutable records to their handler, one after the other, each until it has succeeded.</summary>
internal sealed class UnroutableLane(IKafkaUnroutableHandler handler, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(15);

    // Unbounded here, bounded by the cache: a waiting record counts as outstanding there.
    private readonly Channel<Entry> _waiting = Channel.CreateUnbounded<Entry>(new() { SingleReader = true, SingleWriter = true });
    private readonly ConcurrentQueue<Entry> _done = new();

    public void Add(Entry entry) => _waiting.Writer.TryWrite(entry);

    public bool TryTakeDone(out Entry entry) => _done.TryDequeue(out entry);

    /// <summary>Runs until it is cancelled.</summary>
    /// <param name="generation">The reading that counts: records of former ones are read again, and come again.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(Func<int> generation, CancellationToken cancellationToken)
    {
        await foreach (var entry in _waiting.Reader.ReadAllAsync(cancellationToken))
        {
            for (var attempt = 0; entry.Generation == generation(); attempt++)
            {
                try
                {
                    await handler.HandleAsync(entry.Record, entry.Reason, cancellationToken);
                    _done.Enqueue(entry);
                    break;
                }
                catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
                {
                    KafkaLog.UnroutableFailed(logger, exception, entry.Record.Topic, entry.Record.Partition, entry.Record.Offset, entry.Reason);
                    var wait = TimeSpan.FromMilliseconds(Math.Min(MaxWait.TotalMilliseconds, 100 << Math.Min(attempt, 10)));
                    await Task.Delay(wait, time, cancellationToken);
                }
            }
        }
    }

    internal readonly record struct Entry(KafkaRecord Record, KafkaUnroutableReason Reason, long Ordinal, int Generation);
}

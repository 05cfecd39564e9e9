using System.Threading.Channels;
using EventStore.Hosting;

namespace EventStore.Appending;

/// <summary>
/// Makes batches from the queue. A batch holds each stream and each new id once; what collides waits for the next one, so that the
/// database compares with what is committed only.
/// </summary>
internal sealed class BatchGatherer(ChannelReader<PendingAppend> queue, EventStoreOptions options)
{
    private readonly HashSet<string> _streams = new(StringComparer.Ordinal);
    private readonly HashSet<Guid> _ids = [];
    private Queue<PendingAppend> _held = new();

    /// <summary>Waits until there is something; false when the queue is closed and empty.</summary>
    public async ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => _held.Count > 0 || await queue.WaitToReadAsync(cancellationToken);

    /// <summary>What waits now, up to the limits, in stream key order: every writer then locks rows in the same order.</summary>
    public PendingAppend[] Take()
    {
        _streams.Clear();
        _ids.Clear();
        var batch = new List<PendingAppend>();
        var heldBefore = _held;
        _held = new Queue<PendingAppend>();
        long bytes = 0;
        while (batch.Count < options.MaxBatchAppends && bytes < options.MaxBatchBytes && _held.Count < options.MaxBatchAppends
            && (heldBefore.TryDequeue(out var next) || queue.TryRead(out next)))
        {
            if (Collides(next))
            {
                _held.Enqueue(next);
                continue;
            }

            batch.Add(next);
            bytes += next.Size;
        }

        foreach (var rest in heldBefore)
            _held.Enqueue(rest);
        batch.Sort(static (a, b) => string.CompareOrdinal(a.Append.StreamKey, b.Append.StreamKey));
        return [.. batch];
    }

    private bool Collides(PendingAppend append)
    {
        var collides = _streams.Contains(append.Append.StreamKey) || append.NewIds.Any(_ids.Contains);
        // Also what is held back keeps its place: a later append of the same stream or id must not overtake it.
        _streams.Add(append.Append.StreamKey);
        _ids.UnionWith(append.NewIds);
        return collides;
    }
}

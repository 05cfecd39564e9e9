using System.Diagnostics.CodeAnalysis;

namespace Orleans.Streams.Kafka.Cache;

/// <summary>
/// A partition's unacknowledged items, by stream, and its watermark. Everything but the counters is touched by the partition's pulling agent
/// only, which is single-threaded: there are no locks.
/// </summary>
internal sealed class PartitionCache<TItem>(CacheLimits limits, TimeProvider time, Func<bool> hasSubscribers, ICacheObserver observer, long start = 0)
    : IQueueCache
    where TItem : class, IKafkaItem
{
    private readonly Dictionary<StreamId, StreamQueue<TItem>> _streams = [];
    private readonly PriorityQueue<StreamQueue<TItem>, long> _wakes = new();
    private readonly List<StreamQueue<TItem>> _shrunk = [];
    private readonly List<StreamQueue<TItem>> _told = [];

    // Streams that wait for the agent's attention, first come first served: those it has cursors for, and those it doesn't know.
    private readonly Queue<StreamQueue<TItem>> _noticed = new();
    private readonly Queue<StreamQueue<TItem>> _strangers = new();
    private int _deliveries;
    private OffsetTracker _tracker = new(start);
    private int _items;
    private long _bytes;
    private int _generation;

    /// <summary>The next offset to checkpoint. Safe to read from any thread, as the three counts are.</summary>
    public long Watermark => Volatile.Read(ref _tracker).Watermark;

    public int Items => Volatile.Read(ref _items);

    public long Bytes => Volatile.Read(ref _bytes);

    public int FailingStreams { get; set; }

    /// <summary>Rises with each restart: ordinals of an older generation mean nothing any more.</summary>
    public int Generation => Volatile.Read(ref _generation);

    public long Position => _tracker.Position;

    public int Span => _tracker.Span;

    public int Streams => _streams.Count;

    /// <summary>Deliveries on their way to grains.</summary>
    public int Deliveries => _deliveries;

    /// <summary>Nothing is unacknowledged, so nothing is on its way, waits its turn, or is to be delivered again.</summary>
    public bool IsIdle => _items == 0 && _shrunk.Count == 0 && _told.Count == 0;

    public bool HasRoom => _items < limits.Items && _bytes < limits.Bytes && _tracker.Span < limits.Span;

    // Room is kept by the receiver, which holds items back: were the agent told to stop reading, it would not hear of due redeliveries either.
    public int GetMaxAddCount() => int.MaxValue;

    public bool IsUnderPressure() => false;

    public void AddToCache(IList<IBatchContainer> messages)
    {
        // They are notices: the items were added when the receiver took them from its buffer, in the same turn of the agent.
    }

    public bool TryPurgeFromCache([MaybeNullWhen(false)] out IList<IBatchContainer> purgedItems)
    {
        purgedItems = null;
        return false;
    }

    // The token is ignored: a new cursor starts at the oldest unacknowledged item, whatever the agent believes.
    public IQueueCacheCursor GetCacheCursor(StreamId streamId, StreamSequenceToken? token)
    {
        var stream = Stream(streamId);
        var cursor = new StreamCursor<TItem>(this, stream);
        stream.Cursors.Add(cursor);
        stream.QuietUntil = 0;
        return cursor;
    }

    // Whatever position a subscriber asks for: what is acknowledged is done, and what isn't must be delivered.
    public QueueCacheCursorResult<IQueueCacheCursor> TryGetCacheCursorAtPosition(StreamId streamId, StreamSubscriptionStartPosition startPosition) =>
        QueueCacheCursorResult<IQueueCacheCursor>.FromCursor(GetCacheCursor(streamId, null));

    /// <summary>Takes an item of a stream in.</summary>
    public void Add(StreamId streamId, TItem item)
    {
        var stream = Stream(streamId);
        var size = item.Size;
        stream.Add(item, Admit(item, size), size);
        if (stream.QuietUntil == 0 && !stream.IsBusy)
        {
            Notice(stream);
        }
    }

    /// <summary>Takes in an item that belongs to no stream; <see cref="Release(long, TItem)"/> acknowledges it.</summary>
    public long Admit(TItem item) => Admit(item, item.Size);

    public void Release(long ordinal, TItem item) => Release(ordinal, item.Size);

    public void Reached(long endOffset) => _tracker.Reached(endOffset);

    /// <summary>Drops everything unacknowledged and starts again at an offset: the log is read again from there.</summary>
    public void Restart(long offset, int generation)
    {
        foreach (var stream in _streams.Values)
        {
            while (stream.Count > 0)
            {
                stream.Pop();
            }

            stream.Noticed = stream.WakeScheduled = false;
            stream.QuietUntil = 0;
            stream.Cursors.ForEach(c => c.Reset());
        }

        foreach (var stream in _streams.Values.Where(s => s.Cursors.Count == 0).ToList())
        {
            _streams.Remove(stream.Id);
        }

        _wakes.Clear();
        _noticed.Clear();
        _strangers.Clear();
        _told.Clear();
        _shrunk.Clear();
        Volatile.Write(ref _items, 0);
        Volatile.Write(ref _bytes, 0);
        Volatile.Write(ref _tracker, new OffsetTracker(offset));
        Volatile.Write(ref _generation, generation);
    }

    /// <summary>
    /// The streams that the agent must look at: those with new items, and those whose redelivery is due; no more than there is room for deliveries.
    /// The rest waits its turn here, where it gathers items, instead of in the grains' queues, where it would time out.
    /// </summary>
    public IList<IBatchContainer> TakeNotices()
    {
        // The agent gives a stream it is told of a cursor in the same turn. One that has none has no subscriber, for all that the agent knows.
        foreach (var stream in _told)
        {
            if (stream is { Cursors.Count: 0, Count: > 0, WakeScheduled: false })
            {
                Abandoned(stream);
            }
        }

        _told.Clear();
        foreach (var stream in _shrunk)
        {
            Acknowledge(stream, stream.AcknowledgedByAll());
        }

        _shrunk.Clear();
        Wake();
        var room = limits.Deliveries - _deliveries;
        var notices = new List<IBatchContainer>();
        Tell(_strangers, Math.Min(room, limits.Registrations), notices);
        Tell(_noticed, room, notices);
        return notices;
    }

    /// <summary>A cursor wants to deliver: true when there is room, else the stream waits its turn.</summary>
    internal bool TryBeginDelivery(StreamQueue<TItem> stream)
    {
        // Who was told may take what is free, once. Who just goes on, as a busy key does, goes behind those that wait.
        var ahead = stream.Told ? 0 : _noticed.Count + _strangers.Count;
        if (_deliveries + ahead >= limits.Deliveries)
        {
            Notice(stream);
            return false;
        }

        stream.Told = false;
        _deliveries++;
        return true;
    }

    internal void EndDelivery() => _deliveries--;

    internal bool IsDue(long timestamp) => time.GetTimestamp() >= timestamp;

    internal int BatchLength(StreamQueue<TItem> stream, long from)
    {
        var most = (int)Math.Min(limits.BatchItems, stream.End - from);
        var bytes = 0L;
        for (var i = 0; i < most; i++)
        {
            bytes += stream.SizeOf(from + i);
            if (bytes > limits.BatchBytes && i > 0)
            {
                return i;
            }
        }

        return most;
    }

    internal void Trim(StreamQueue<TItem> stream)
    {
        stream.Abandonments = 0;
        Acknowledge(stream, stream.AcknowledgedByAll());
    }

    internal long ScheduleRedelivery(StreamQueue<TItem> stream, int failures)
    {
        var wait = Math.Min(limits.RedeliveryMax.Ticks, limits.RedeliveryMin.Ticks << Math.Min(failures - 1, 20));
        return Schedule(stream, TimeSpan.FromTicks(wait));
    }

    internal void CountRedelivery(StreamId stream) => observer.Redelivered(stream);

    internal void DeliveryFailed(StreamId stream, long offset, int failures) => observer.DeliveryFailed(stream, offset, failures);

    internal void CursorGone(StreamQueue<TItem> stream)
    {
        if (stream.Cursors.Count > 0)
        {
            // Not at once: an agent that lets a stream go disposes its cursors one by one, and a subscriber that lags must not be outvoted
            // by those that are disposed after it. At the next read either all are gone or this one really held the others up.
            _shrunk.Add(stream);
        }
        else if (stream.Count == 0)
        {
            _streams.Remove(stream.Id);
        }
        else
        {
            Abandoned(stream);
        }
    }

    private long Admit(TItem item, int size)
    {
        Volatile.Write(ref _items, _items + 1);
        Volatile.Write(ref _bytes, _bytes + size);
        return _tracker.Add(item.Offset, item.NextOffset);
    }

    private void Release(long ordinal, int size)
    {
        Volatile.Write(ref _items, _items - 1);
        Volatile.Write(ref _bytes, _bytes - size);
        _tracker.Done(ordinal);
    }

    private StreamQueue<TItem> Stream(StreamId id)
    {
        if (!_streams.TryGetValue(id, out var stream))
        {
            _streams.Add(id, stream = new(id));
        }

        return stream;
    }

    private void Acknowledge(StreamQueue<TItem> stream, long number)
    {
        var count = 0;
        while (stream.First < number)
        {
            var (ordinal, size) = stream.Pop();
            Release(ordinal, size);
            count++;
        }

        if (count > 0)
        {
            observer.Acknowledged(count);
        }
    }

    /// <summary>No cursor holds the stream's items: no grain subscribes, or the agent gave the stream up.</summary>
    private void Abandoned(StreamQueue<TItem> stream)
    {
        if (!hasSubscribers())
        {
            observer.Unsubscribed(stream.Id, stream.Count);
            Acknowledge(stream, stream.End);
            _streams.Remove(stream.Id);
            return;
        }

        // An agent that knows the stream as one without subscribers looks them up again only after it has forgotten it.
        var forget = stream.Abandonments++ > 0;
        var due = Schedule(stream, forget ? limits.AgentForgets : limits.RedeliveryMin);
        stream.QuietUntil = forget ? due : 0;
    }

    private long Schedule(StreamQueue<TItem> stream, TimeSpan wait)
    {
        var due = time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency);
        stream.WakeScheduled = true;
        _wakes.Enqueue(stream, due);
        return due;
    }

    private void Wake()
    {
        while (_wakes.TryPeek(out var stream, out var due) && IsDue(due))
        {
            _wakes.Dequeue();
            stream.WakeScheduled = false;
            stream.QuietUntil = 0;
            if (stream.Count > 0)
            {
                Notice(stream);
            }
        }
    }

    private void Notice(StreamQueue<TItem> stream)
    {
        if (!stream.Noticed)
        {
            (stream.Noticed, stream.Told) = (true, false);
            (stream.Cursors.Count == 0 ? _strangers : _noticed).Enqueue(stream);
        }
    }

    private void Tell(Queue<StreamQueue<TItem>> waiting, int atMost, List<IBatchContainer> notices)
    {
        while (atMost > 0 && waiting.TryDequeue(out var stream))
        {
            stream.Noticed = false;
            if (stream.Count > 0 && stream.Cursors.Count == 0 && waiting == _noticed)
            {
                // The agent has let it go meanwhile.
                Notice(stream);
            }
            else if (stream.Count > 0)
            {
                stream.Told = true;
                _told.Add(stream);
                notices.Add(new StreamNotice(stream.Id, stream[stream.First].Offset));
                atMost--;
            }
        }
    }
}

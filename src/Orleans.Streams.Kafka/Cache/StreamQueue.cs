namespace Orleans.Streams.Kafka.Cache;

/// <summary>
/// One stream's unacknowledged items, first in first out, and the cursors that read them. Items are numbered within the stream; an item leaves
/// when every cursor has passed it.
/// </summary>
internal sealed class StreamQueue<TItem>(StreamId id)
    where TItem : class, IKafkaItem
{
    // With the size: what is asked of an item that waits must not fetch it back into the processor's cache.
    private (TItem Item, long Ordinal, int Size)[] _ring = new (TItem, long, int)[4];
    private int _head;

    public StreamId Id { get; } = id;

    public List<StreamCursor<TItem>> Cursors { get; } = new(2);

    public int Count { get; private set; }

    /// <summary>The number of the oldest item.</summary>
    public long First { get; private set; }

    /// <summary>The number after the newest item.</summary>
    public long End => First + Count;

    /// <summary>The stream waits for the agent to be told of it.</summary>
    public bool Noticed { get; set; }

    /// <summary>The agent was told of it, and it has not begun a delivery since: it is its turn.</summary>
    public bool Told { get; set; }

    /// <summary>Every cursor has a delivery on its way: each looks for new items by itself when that ends.</summary>
    public bool IsBusy => Cursors.Count > 0 && Cursors.TrueForAll(static c => c.IsDelivering);

    /// <summary>A wake-up is scheduled.</summary>
    public bool WakeScheduled { get; set; }

    /// <summary>Until this timestamp the agent isn't told of new items, so that it forgets the stream.</summary>
    public long QuietUntil { get; set; }

    /// <summary>How often in a row the agent left items without a cursor.</summary>
    public int Abandonments { get; set; }

    public TItem this[long number] => _ring[Slot(number)].Item;

    /// <summary>The size of an item, as it was when it was added.</summary>
    public int SizeOf(long number) => _ring[Slot(number)].Size;

    public void Add(TItem item, long ordinal, int size)
    {
        if (Count == _ring.Length)
        {
            var ring = new (TItem, long, int)[_ring.Length * 2];
            for (var i = 0; i < Count; i++)
            {
                ring[i] = _ring[(_head + i) & (_ring.Length - 1)];
            }

            (_ring, _head) = (ring, 0);
        }

        _ring[(_head + Count++) & (_ring.Length - 1)] = (item, ordinal, size);
    }

    /// <summary>Takes the oldest item out.</summary>
    public (long Ordinal, int Size) Pop()
    {
        var oldest = _ring[_head];
        _ring[_head] = default;
        _head = (_head + 1) & (_ring.Length - 1);
        First++;
        Count--;
        return (oldest.Ordinal, oldest.Size);
    }

    /// <summary>The number below which every cursor is done; the oldest item's when there is no cursor.</summary>
    public long AcknowledgedByAll()
    {
        if (Cursors.Count == 0)
        {
            return First;
        }

        var lowest = long.MaxValue;
        foreach (var cursor in Cursors)
        {
            lowest = Math.Min(lowest, cursor.Acknowledged);
        }

        return lowest;
    }

    private int Slot(long number) => (_head + (int)(number - First)) & (_ring.Length - 1);
}

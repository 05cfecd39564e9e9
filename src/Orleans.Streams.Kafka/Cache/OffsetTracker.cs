namespace Orleans.Streams.Kafka.Cache;

/// <summary>
/// The contiguous watermark of a partition: the offset below which every delivered item is done. Items are counted in the order in which
/// Kafka delivered them, so offsets that were never delivered (transaction markers, compacted records) are no gaps.
/// </summary>
internal sealed class OffsetTracker(long start)
{
    // A ring of the items from the oldest one that isn't done to the newest.
    private long[] _offsets = new long[256];
    private bool[] _done = new bool[256];
    private int _head;
    private int _count;
    private long _headOrdinal;
    private long _watermark = start;

    /// <summary>The next offset to checkpoint. Safe to read from any thread.</summary>
    public long Watermark => Volatile.Read(ref _watermark);

    /// <summary>The offset that the next item is expected at, or above.</summary>
    public long Position { get; private set; } = start;

    /// <summary>The items at or above the watermark, done ones included: what the span limit counts.</summary>
    public int Span => _count;

    /// <summary>Counts an item in and returns its ordinal, with which it is reported done.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The offset is below the position: it has been counted before.</exception>
    public long Add(long offset, long nextOffset)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(offset, Position);
        if (_count == _offsets.Length)
        {
            Grow();
        }

        var slot = (_head + _count) & (_offsets.Length - 1);
        _offsets[slot] = offset;
        _done[slot] = false;
        if (_count++ == 0)
        {
            // Nothing was outstanding, so everything before this item is done, undelivered offsets included.
            Volatile.Write(ref _watermark, offset);
        }

        Position = nextOffset;
        return _headOrdinal + _count - 1;
    }

    /// <summary>Reports an item done, once.</summary>
    public void Done(long ordinal)
    {
        var index = ordinal - _headOrdinal;
        if (index < 0 || index >= _count)
        {
            throw new ArgumentOutOfRangeException(nameof(ordinal), ordinal, "Not an outstanding item.");
        }

        var mask = _offsets.Length - 1;
        _done[(_head + (int)index) & mask] = true;
        if (index != 0)
        {
            return;
        }

        while (_count > 0 && _done[_head])
        {
            _head = (_head + 1) & mask;
            _headOrdinal++;
            _count--;
        }

        Volatile.Write(ref _watermark, _count > 0 ? _offsets[_head] : Position);
    }

    /// <summary>Kafka said that there is nothing more below this offset: trailing transaction markers are passed.</summary>
    public void Reached(long endOffset)
    {
        if (endOffset <= Position)
        {
            return;
        }

        Position = endOffset;
        if (_count == 0)
        {
            Volatile.Write(ref _watermark, endOffset);
        }
    }

    private void Grow()
    {
        var (offsets, done) = (new long[_offsets.Length * 2], new bool[_offsets.Length * 2]);
        for (var i = 0; i < _count; i++)
        {
            var slot = (_head + i) & (_offsets.Length - 1);
            offsets[i] = _offsets[slot];
            done[i] = _done[slot];
        }

        (_offsets, _done, _head) = (offsets, done, 0);
    }
}

namespace Orleans.Streams.Kafka.Cache;

/// <summary>
/// One subscriber's place in a stream. Orleans' pulling agent doesn't say that a delivery succeeded: it moves on. It says that one failed
/// (<see cref="RecordDeliveryFailure"/>) and moves on too. So a move acknowledges what was offered before, unless a failure was recorded in
/// between; and a cursor that is disposed with an offer open leaves it unacknowledged.
/// </summary>
internal sealed class StreamCursor<TItem> : IQueueCacheCursor
    where TItem : class, IKafkaItem
{
    private readonly PartitionCache<TItem> _cache;
    private readonly StreamQueue<TItem> _stream;
    private KafkaBatch<TItem>? _current;
    private long _offeredTo;
    private bool _failed;
    private bool _disposed;
    private int _failures;
    private long _retryAt;

    public StreamCursor(PartitionCache<TItem> cache, StreamQueue<TItem> stream)
    {
        _cache = cache;
        _stream = stream;
        Acknowledged = _offeredTo = stream.First;
    }

    /// <summary>The number of the first item that this subscriber hasn't acknowledged.</summary>
    public long Acknowledged { get; private set; }

    public bool IsFailing => _failures > 0;

    /// <summary>A batch was handed out, and the agent has said neither that it failed nor that it goes on.</summary>
    public bool IsDelivering { get; private set; }

    public IBatchContainer? GetCurrent(out Exception? exception)
    {
        exception = null;
        return _current;
    }

    public bool MoveNext() => MoveNextWithResult().Kind == QueueCacheCursorMoveResultKind.Success;

    // Never throws: the agent answers an exception with a cursor that skips to its own idea of the position.
    public QueueCacheCursorMoveResult MoveNextWithResult()
    {
        EndDelivery();
        if (_disposed || (_failed && !_cache.IsDue(_retryAt)))
        {
            return QueueCacheCursorMoveResult.NoData;
        }

        if (_failed)
        {
            _failed = false;
            _cache.CountRedelivery(_stream.Id);
        }
        else if (_offeredTo > Acknowledged)
        {
            Acknowledged = _offeredTo;
            if (_failures > 0)
            {
                _failures = 0;
                _cache.FailingStreams--;
            }

            _cache.Trim(_stream);
        }

        return Offer() ? QueueCacheCursorMoveResult.Success : QueueCacheCursorMoveResult.NoData;
    }

    public void Refresh(StreamSequenceToken token)
    {
        // The place is a number in the stream's queue: new items are behind it already.
    }

    public void RecordDeliveryFailure()
    {
        if (_disposed || _offeredTo == Acknowledged)
        {
            return;
        }

        EndDelivery();
        _failed = true;
        _cache.FailingStreams += _failures == 0 ? 1 : 0;
        _retryAt = _cache.ScheduleRedelivery(_stream, ++_failures);
        _cache.DeliveryFailed(_stream.Id, _stream[Acknowledged].Offset, _failures);
    }

    /// <summary>The stream's items were dropped, to be read again: what is on its way to the grain counts for nothing.</summary>
    public void Reset()
    {
        EndDelivery();
        Acknowledged = _offeredTo = _stream.End;
        _failed = false;
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        EndDelivery();
        _current = null;
        _cache.FailingStreams -= _failures > 0 ? 1 : 0;
        _stream.Cursors.Remove(this);
        _cache.CursorGone(_stream);
    }

    private bool Offer()
    {
        var count = _cache.BatchLength(_stream, Acknowledged);
        if (count == 0 || !_cache.TryBeginDelivery(_stream))
        {
            _offeredTo = Acknowledged;
            _current = null;
            return false;
        }

        IsDelivering = true;
        _offeredTo = Acknowledged + count;

        var items = new TItem[count];
        for (var i = 0; i < count; i++)
        {
            items[i] = _stream[Acknowledged + i];
        }

        _current = new(_stream.Id, items);
        return true;
    }

    private void EndDelivery()
    {
        if (IsDelivering)
        {
            IsDelivering = false;
            _cache.EndDelivery();
        }
    }
}

using System.Collections.Concurrent;
using Confluent.Kafka;
using Orleans.Streams.Kafka.Cache;

namespace Orleans.Streams.Kafka.Receiving;

/// <summary>What the consumer's thread calls for a partition that it reads. <typeparamref name="TPart"/> is how it reads keys and values.</summary>
internal interface IPartitionIntake<TPart>
{
    int Partition { get; }

    /// <summary>The consumer stops fetching the partition, which keeps memory bounded.</summary>
    bool IsFull { get; }

    /// <summary>The consumer goes on; well below full, because a pause throws away what was prefetched.</summary>
    bool IsDrained { get; }

    bool IsPaused { get; set; }

    (long Low, long High) Watermarks { get; set; }

    void OnRecord(ConsumeResult<TPart, TPart> result);

    void OnEnd(long offset);

    void OnError(Error error);

    /// <summary>Nothing more is at hand: what was gathered goes out, unless enough waits already.</summary>
    void Flush();
}

/// <summary>
/// The bounded buffer between the consumer's thread and a partition's pulling agent. A new session of reading begins with a start mark, behind
/// which only that session's items follow.
/// </summary>
internal abstract class PartitionIntake<TItem, TPart>(int partition, int capacity, long capacityBytes) : IPartitionIntake<TPart>
    where TItem : class, IKafkaItem
{
    private readonly ConcurrentQueue<Arrival<TItem>> _arrivals = new();
    private (long Low, long High) _watermarks = (-1, -1);
    private int _count;
    private long _bytes;
    private int _sessionsToCome;
    private long _skipBeforeMs = long.MinValue;
    private TaskCompletionSource<Error> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _awaited;

    public int Partition => partition;

    public bool IsFull => Volatile.Read(ref _count) >= capacity || Volatile.Read(ref _bytes) >= capacityBytes;

    public bool IsDrained => Volatile.Read(ref _count) <= capacity / 2 && Volatile.Read(ref _bytes) <= capacityBytes / 2;

    public bool IsPaused { get; set; }

    public int Count => Volatile.Read(ref _count);

    public (long Low, long High) Watermarks
    {
        get { lock (_arrivals) { return _watermarks; } }
        set { lock (_arrivals) { _watermarks = value; } }
    }

    /// <summary>Ends when the consumer has met an error that this session cannot survive.</summary>
    public Task<Error> Failed => _failed.Task;

    protected string Incarnation { get; private set; } = "";

    /// <summary>Begins a session. Only while the consumer doesn't read the partition.</summary>
    /// <param name="incarnation">The topic's incarnation.</param>
    /// <param name="generation">The session's number, which the cache learns with the start mark.</param>
    /// <param name="offset">Where the session starts.</param>
    /// <param name="skipBeforeMs">Records before this time are passed over, up to the first one that isn't.</param>
    /// <param name="gapFrom">The position that was asked for, when the session starts behind it because records are no more.</param>
    public void Begin(string incarnation, int generation, long offset, long skipBeforeMs, long? gapFrom = null)
    {
        Incarnation = incarnation;
        _skipBeforeMs = skipBeforeMs;
        _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        OnBegin(offset, gapFrom);
        Interlocked.Increment(ref _sessionsToCome);
        Enqueue(new(ArrivalKind.Start, offset) { Generation = generation });
    }

    /// <summary>Ends when something is there, or when the time is over or the agent stops. Called by the agent only.</summary>
    public async Task WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        var awaited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _awaited, awaited);
        Interlocked.MemoryBarrier(); // what is put in from now on sees that it is awaited; what was before is seen here
        if (_arrivals.IsEmpty)
        {
            await awaited.Task.WaitAsync(atMost, time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        Volatile.Write(ref _awaited, null);
    }

    /// <summary>The next arrival; what a former session left behind is dropped. Called by the agent only, as <see cref="Take"/> is.</summary>
    public bool TryPeek(out Arrival<TItem> arrival)
    {
        while (_arrivals.TryPeek(out arrival))
        {
            if (arrival.Kind == ArrivalKind.Start || Volatile.Read(ref _sessionsToCome) == 0)
            {
                return true;
            }

            Take();
        }

        return false;
    }

    /// <summary>Takes out what <see cref="TryPeek"/> has shown.</summary>
    public void Take()
    {
        _arrivals.TryDequeue(out var arrival);
        if (arrival.Kind == ArrivalKind.Start)
        {
            Interlocked.Decrement(ref _sessionsToCome);
        }
        else if (arrival.Item is { } item)
        {
            Interlocked.Decrement(ref _count);
            Interlocked.Add(ref _bytes, -item.Size);
        }
    }

    public abstract void OnRecord(ConsumeResult<TPart, TPart> result);

    public virtual void Flush()
    {
    }

    public void OnEnd(long offset)
    {
        PutGathered();
        Enqueue(new(ArrivalKind.End, offset));
    }

    public void OnError(Error error) => _failed.TrySetResult(error);

    protected virtual void OnBegin(long offset, long? gapFrom)
    {
    }

    /// <summary>Puts what was gathered, whatever waits.</summary>
    protected virtual void PutGathered()
    {
    }

    /// <summary>A start by time on a broker that cannot look one up: the log is scanned instead.</summary>
    protected bool IsSkipped(long timestampMs)
    {
        if (timestampMs < _skipBeforeMs)
        {
            return true;
        }

        _skipBeforeMs = long.MinValue;
        return false;
    }

    protected void Put(in Arrival<TItem> arrival)
    {
        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _bytes, arrival.Item!.Size);
        Enqueue(arrival);
    }

    private void Enqueue(in Arrival<TItem> arrival)
    {
        _arrivals.Enqueue(arrival);
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _awaited) is { } awaited)
        {
            awaited.TrySetResult();
        }
    }
}

internal enum ArrivalKind
{
    Item,
    Start,
    End,
}

/// <summary>What comes out of an intake: an item, the start of a session, or the word that there is nothing below an offset.</summary>
internal readonly record struct Arrival<TItem>(ArrivalKind Kind, long Offset)
    where TItem : class
{
    public TItem? Item { get; init; }

    public StreamId Stream { get; init; }

    public KafkaUnroutableReason? Unroutable { get; init; }

    public int Generation { get; init; }
}

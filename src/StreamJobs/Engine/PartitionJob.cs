using StreamJobs.Running;
using StreamJobs.State;

namespace StreamJobs.Engine;

/// <summary>A job on one partition: where it stands, its windows, and what it has to say. Single-threaded.</summary>
internal abstract class PartitionJob
{
    private long _countedRecords;
    private long _countedLate;
    private long _finalUpTo = long.MinValue;

    /// <summary>The incarnation of the topic that it reads.</summary>
    public string Incarnation { get; set; } = "";

    /// <summary>The next offset to take; records below it were taken already.</summary>
    public long Position { get; set; }

    /// <summary>The largest timestamp so far, in Unix milliseconds; <see cref="long.MinValue"/> before the first record.</summary>
    public long MaxTimestamp { get; set; } = long.MinValue;

    /// <summary>Whether the input has ended: every window is final, and further records are not taken.</summary>
    public bool IsDrained { get; set; }

    public abstract Job Definition { get; }

    /// <summary>Everything before this time has been seen, in Unix milliseconds.</summary>
    public virtual long Watermark => IsDrained ? long.MaxValue : MaxTimestamp == long.MinValue ? long.MinValue : MaxTimestamp - (long)Definition.WatermarkDelay.TotalMilliseconds;

    /// <summary>Windows that end at or before this time are final, in Unix milliseconds.</summary>
    public long FinalUpTo => Watermark == long.MinValue ? _finalUpTo : Math.Max(_finalUpTo, Watermark - (long)Definition.AllowedLateness.TotalMilliseconds);

    public long Records { get; protected set; }

    public long LateRecords { get; protected set; }

    public abstract long Keys { get; }

    /// <summary>What takes memory, as <see cref="Running.JobOptions.MaxKeys"/> counts it.</summary>
    public virtual long Size => Keys;

    /// <summary>Whether the next checkpoint gives something to the merger.</summary>
    public abstract bool HasDue { get; }

    /// <summary>What state is held for although nothing was ever heard of it; nothing for most jobs.</summary>
    public virtual IEnumerable<string> WaitsFor => [];

    public abstract JobOutput Output { get; }

    /// <summary>Records of the current chunk that this job could not take, and why.</summary>
    public List<(int Index, Exception Error)> Faults { get; } = [];

    /// <summary>Records of the current chunk that were late, or too far ahead, or at the very ends of time.</summary>
    public List<int> Late { get; } = [];

    /// <summary>Goes on counting where a checkpoint stood.</summary>
    public void Resume(long records, long late) => (Records, LateRecords, _countedRecords, _countedLate) = (records, late, records, late);

    /// <summary>
    /// Goes on at the time that a checkpoint had come to. The watermark does not fall although the job waits longer for late records now, nor what is final although it is corrected for
    /// longer: windows that were closed, or final, are forgotten, and would be opened again with the late records alone.
    /// </summary>
    public virtual void TakeBackTime(long maxTimestamp, long watermark, long finalUpTo)
    {
        _finalUpTo = finalUpTo;
        MaxTimestamp = watermark is long.MinValue or long.MaxValue ? maxTimestamp : watermark + (long)Definition.WatermarkDelay.TotalMilliseconds;
    }

    /// <summary>Records and late ones since this was asked last.</summary>
    public (long Records, long Late) TakeCounts()
    {
        var counts = (Records - _countedRecords, LateRecords - _countedLate);
        (_countedRecords, _countedLate) = (Records, LateRecords);
        return counts;
    }

    /// <summary>Ends the input.</summary>
    public abstract void Drain();

    /// <summary>Looks at the clock.</summary>
    /// <returns>Whether something has come of it.</returns>
    public abstract bool Tick(DateTimeOffset now);

    public abstract void TakeChanges(List<StateBlob> changes);

    public abstract void Restore(IEnumerable<StateBlob> blobs);

    /// <summary>Results of open windows as far as they have come; for a merged job, its slices instead.</summary>
    public abstract IEnumerable<ResultRow> OpenResults(OpenQuery query);

    public abstract IEnumerable<(long Slice, byte[] Data)> OpenSlices();
}

/// <summary>A job that takes records of a type.</summary>
internal abstract class PartitionJob<TSource> : PartitionJob
{
    /// <summary>Takes what it has not taken yet of records in offset order.</summary>
    /// <param name="records">The records.</param>
    /// <param name="places">Where each stood.</param>
    /// <param name="nextOffset">The position behind them.</param>
    public abstract void Process(ReadOnlySpan<TSource> records, ReadOnlySpan<RecordPlace> places, long nextOffset);
}

/// <summary>Where a record stood in its partition, when Kafka took it, and whether it lies there by its key.</summary>
internal readonly record struct RecordPlace(long Offset, long KafkaTimestampMs, int Index, bool HasKey);

/// <inheritdoc/>
internal sealed class WindowPartitionJob<TSource, T, TResult> : PartitionJob<TSource>
{
    private readonly Job _definition;
    private readonly Func<TSource, DateTimeOffset>? _timestamp;
    private readonly Action<TSource> _steps;
    private readonly Func<T, string?> _key;
    private readonly IWindows<T, TResult> _windows;
    private readonly JoinFeed<T>? _feed;
    private readonly long _delay;
    private readonly long _maxAhead;
    private readonly (long First, long Last) _usable;

    // A merger waits for every partition's watermark to pass a window's end, also where no key has a part of it.
    private readonly long _mergedEvery;

    // What lies on a partition by chance would have a result of its own, under the name of its key's right one.
    private readonly bool _needsKey;
    private bool _hasKey;
    private long _keptWatermark = long.MinValue;
    private long _current;
    private bool _isLate;

    public WindowPartitionJob(
        Job definition, Func<TSource, DateTimeOffset>? timestamp, Func<Action<T>, Action<TSource>> steps, Func<T, string?> key,
        IWindows<T, TResult> windows, JobOutput<TResult> output)
    {
        (_definition, _timestamp, _key, _windows, _feed, Output) = (definition, timestamp, key, windows, windows as JoinFeed<T>, output);
        (_delay, _maxAhead) = ((long)definition.Time.Delay.TotalMilliseconds, (long)definition.Time.MaxAhead.TotalMilliseconds);
        _usable = EventTime.UsableBy(definition);
        _mergedEvery = (long)(definition is { IsMerged: true, Window: var window }
            ? window is Sliding sliding ? sliding.Every : ((Tumbling)window).Size
            : TimeSpan.Zero).TotalMilliseconds;
        _needsKey = !definition.IsMerged && _feed is null;
        _steps = steps(Take);
    }

    public override Job Definition => _definition;

    public override long Keys => _windows.Keys;

    public override bool HasDue =>
        _windows is PartialWindows<T, TResult> { HasDue: true } || (_mergedEvery > 0 && MaxTimestamp != long.MinValue && HasPassedAnEnd(_keptWatermark, Watermark));

    public override JobOutput Output { get; }

    public override void Process(ReadOnlySpan<TSource> records, ReadOnlySpan<RecordPlace> places, long nextOffset)
    {
        Faults.Clear();
        Late.Clear();
        if (IsDrained || nextOffset <= Position)
            return;
        for (var i = 0; i < records.Length; i++)
        {
            if (places[i].Offset >= Position)
                TakeOne(records[i], places[i]);
        }

        Position = nextOffset;
    }

    public override void Drain()
    {
        IsDrained = true;
        _windows.Advance(long.MaxValue);
    }

    public override bool Tick(DateTimeOffset now)
    {
        if (IsDrained)
            return false;
        var something = _windows.Tick(now);
        return (Definition.IsByArrival && PassTo(now.ToUnixTimeMilliseconds())) || something;
    }

    public override void TakeChanges(List<StateBlob> changes)
    {
        _windows.TakeChanges(changes);
        _keptWatermark = Watermark;
    }

    public override void Restore(IEnumerable<StateBlob> blobs)
    {
        _windows.Restore(blobs, Watermark, FinalUpTo);
        _keptWatermark = Watermark;
    }

    public override IEnumerable<ResultRow> OpenResults(OpenQuery query) => query.Rows(_windows.Open(Watermark, query.Key));

    public override IEnumerable<(long Slice, byte[] Data)> OpenSlices() => _windows is PartialWindows<T, TResult> partial ? partial.OpenSlices() : [];

    private void TakeOne(in TSource record, in RecordPlace place)
    {
        Records++;
        try
        {
            _current = long.MinValue;
            var timestamp = _timestamp is null ? MaxTimestamp : _timestamp(record).ToUnixTimeMilliseconds();
            if (_timestamp is not null && (timestamp < _usable.First || timestamp > _usable.Last || timestamp - _maxAhead > place.KafkaTimestampMs))
            {
                SetAside(place.Index);
                return;
            }

            _current = timestamp;
            _isLate = false;
            _hasKey = place.HasKey;
            _feed?.Begin(Incarnation, place.Offset);
            _steps(record);
            if (_isLate)
                SetAside(place.Index);
        }
        catch (Exception e)
        {
            // The job's own code, on this record: it becomes a dead letter and the job goes on.
            Faults.Add((place.Index, e));
        }

        if (_current > MaxTimestamp)
        {
            MaxTimestamp = _current;
            if (_current - _delay >= _windows.NextDeadline)
                _windows.Advance(_current - _delay);
        }
    }

    /// <summary>The clock has come to a time. It may have been set back, or be another silo's: time stands still then.</summary>
    private bool PassTo(long now)
    {
        if (now <= MaxTimestamp)
            return false;
        var former = MaxTimestamp;
        MaxTimestamp = now;
        var closes = now >= _windows.NextDeadline;
        if (closes)
            _windows.Advance(now);
        return closes || (_mergedEvery > 0 && HasPassedAnEnd(former, now));
    }

    private bool HasPassedAnEnd(long former, long watermark) => former == long.MinValue || former / _mergedEvery != watermark / _mergedEvery;

    private void SetAside(int index)
    {
        LateRecords++;
        Late.Add(index);
    }

    private void Take(T record)
    {
        if (_key(record) is not { } key)
            return;
        if (_needsKey && !_hasKey)
            throw new UnkeyedRecordException(Definition.Name, key);
        if (!_windows.Add(key, _current, record, MaxTimestamp == long.MinValue ? long.MinValue : MaxTimestamp - _delay))
            _isLate = true;
    }
}

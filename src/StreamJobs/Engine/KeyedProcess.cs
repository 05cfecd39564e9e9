using System.Runtime.ExceptionServices;
using StreamJobs.State;

namespace StreamJobs.Engine;

/// <summary>
/// The states and timers of a process function's keys. A key is forgotten when the watermark has passed its newest record and its last result in event time by the
/// time that states are kept for, and no timer is left; a record is late when its key's state could be gone. So no result of a record or of a timer by event time stands where a forgotten one stands.
/// </summary>
internal sealed class KeyedProcess<T, TState, TResult>(
    Process<T, TState, TResult> process, long keep, Action<Func<WindowResult<TResult>>> emit) : IWindows<T, TResult>, IKeyed
    where TState : class
{
    private readonly Dictionary<string, Entry>?[] _entries = new Dictionary<string, Entry>?[KeyHash.Buckets];
    private readonly PriorityQueue<string, long> _deadlines = new();
    private readonly PriorityQueue<string, long> _clock = new();
    private readonly ProcessContext<TState, TResult> _context = new();
    private readonly KeptKeys<string> _kept = new(0);
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch;
    private long _timers;
    private long _clockTimers;
    private bool _hasEnded;

    public long NextDeadline => _deadlines.TryPeek(out _, out var at) ? at : long.MaxValue;

    public long Keys { get; private set; }

    /// <summary>What waits for its moment, what was taken back included: bounded by what is alive.</summary>
    internal int Queued => _deadlines.Count + _clock.Count;

    public bool Add(string key, long timestamp, in T record, long watermark)
    {
        if (watermark >= timestamp + keep)
            return false;
        var known = Find(key);
        _context.Begin(key, timestamp, isClockTimer: false, _now, known?.State);
        process.OnRecord(record, _context);
        var entry = known ?? new(watermark == long.MinValue ? long.MinValue : watermark - keep) { Newest = timestamp };
        Commit(entry, firedAt: null);
        entry.Newest = Math.Max(entry.Newest, timestamp);
        if (known is null && !entry.IsEmpty)
        {
            (_entries[KeyHash.BucketOf(key)] ??= new(StringComparer.Ordinal)).Add(key, entry);
            Keys++;
            LookAgain(key, entry, entry.Newest + keep);
        }

        LookAgainUnlessByClock(key, entry);
        SweepIfWorthIt();
        return true;
    }

    public void Advance(long watermark)
    {
        _hasEnded = watermark == long.MaxValue;
        while (_deadlines.TryPeek(out var key, out var at) && at <= watermark)
        {
            _deadlines.Dequeue();
            if (Find(key) is not { } entry)
                continue;
            while (entry.Timers.Count > 0 && entry.Timers.Min <= at)
                Fire(key, entry, entry.Timers, isClock: false);
            LookAgainUnlessByClock(key, entry);
            ForgetIfOver(key, entry, at);
        }

        if (_hasEnded)
            ForgetAll();
        SweepIfWorthIt();
    }

    public bool Tick(DateTimeOffset now)
    {
        _now = now;
        var (ms, fired) = (now.ToUnixTimeMilliseconds(), false);
        while (_clock.TryPeek(out var key, out var at) && at <= ms)
        {
            _clock.Dequeue();
            if (Find(key) is not { } entry)
                continue;
            for (; entry.ClockTimers.Count > 0 && entry.ClockTimers.Min <= ms; fired = true)
                Fire(key, entry, entry.ClockTimers, isClock: true);
            LookAgainUnlessByClock(key, entry);
        }

        SweepIfWorthIt();
        return fired;
    }

    public void TakeChanges(List<StateBlob> changes) => _kept.TakeChanges(this, changes);

    public void Restore(IEnumerable<StateBlob> blobs, long watermark, long finalUpTo)
    {
        foreach (var (key, data) in _kept.Restore(blobs))
        {
            var reader = new StateReader(data);
            var entry = Entry.Read(ref reader);
            entry.LastInEventTime = Math.Min(entry.LastResult, Math.Max(entry.Newest + keep, watermark));
            (_entries[KeyHash.BucketOf(key)] ??= new(StringComparer.Ordinal)).Add(key, entry);
            Keys++;
            LookAgain(key, entry, entry.Newest + keep);
            Enqueue(key, entry);
            (_timers, _clockTimers) = (_timers + entry.Timers.Count, _clockTimers + entry.ClockTimers.Count);
        }
    }

    public IEnumerable<WindowResult<TResult>> Open(long watermark, string? key) => [];

    int IKeyed<string>.Count => (int)Keys;

    IEnumerable<string> IKeyed<string>.EntriesIn(Func<int, bool> isWanted) => _entries.Where((b, i) => b is not null && isWanted(i)).SelectMany(b => b!.Keys);

    bool IKeyed<string>.Write(string entry, StateWriter writer)
    {
        var found = Find(entry);
        found?.Write(writer);
        return found is not null;
    }

    private Entry? Find(string key) => _entries[KeyHash.BucketOf(key)]?.GetValueOrDefault(key);

    private void Fire(string key, Entry entry, SortedSet<long> timers, bool isClock)
    {
        var at = timers.Min;
        Remove(timers, at, isClock);
        _kept.Change(key);
        _context.Begin(key, at, isClock, _now, entry.State);
        try
        {
            process.OnTimer(_context);
            Commit(entry, (at, isClock)); // a timer that sets itself again makes time pass
        }
        catch (Exception e)
        {
            var thrown = ExceptionDispatchInfo.Capture(e);
            emit(() =>
            {
                thrown.Throw();
                return default;
            });
        }
    }

    /// <summary>Makes what a call did count. When it throws, the state cannot be kept, and nothing has changed.</summary>
    private void Commit(Entry entry, (long At, bool ByClock)? firedAt)
    {
        var key = _context.Key;
        var kept = _context.State is { } state ? Encode(state) : null;
        (entry.State, entry.Kept) = (_context.State, kept);
        foreach (var (asked, byClock, isSet) in _context.Timers)
        {
            var at = firedAt is { } fired && fired.ByClock == byClock ? Math.Max(asked, fired.At + 1) : asked;
            var timers = byClock ? entry.ClockTimers : entry.Timers;
            if (!isSet)
                Remove(timers, asked, byClock);
            else if (!_hasEnded && timers.Add(at)) // behind the end of the input no time passes: a timer that sets itself again would never cease
            {
                _ = byClock ? _clockTimers++ : _timers++;
                (byClock ? _clock : _deadlines).Enqueue(key, at);
            }
        }

        foreach (var result in _context.Emitted)
        {
            var start = entry.LastResult = Math.Max(_context.TimeMs, entry.LastResult + 1);
            if (firedAt is not { ByClock: true })
                entry.LastInEventTime = start - _context.TimeMs <= keep ? start : _context.TimeMs; // else it stands behind one that the clock gave
            emit(() => new(key, start, start, 0, false, result));
        }

        if (!entry.IsEmpty || Find(key) is not null)
            _kept.Change(key);
    }

    private void ForgetIfOver(string key, Entry entry, long at)
    {
        if (at < entry.LooksAt)
            return; // a timer's moment
        var over = Math.Max(Math.Max(entry.Newest, entry.LastInEventTime) + keep, entry.Timers.Count > 0 ? entry.Timers.Max : long.MinValue);
        if (over > at)
        {
            LookAgain(key, entry, over);
        }
        else if (entry.ClockTimers.Count > 0 && !_hasEnded)
        {
            entry.LooksAt = long.MaxValue; // until the last of them has passed, or is taken back
        }
        else
        {
            _entries[KeyHash.BucketOf(key)]!.Remove(key);
            Keys--;
            _kept.Change(key);
        }
    }

    /// <summary>Behind the end of the input, also what waits for the clock.</summary>
    private void ForgetAll()
    {
        for (var bucket = 0; bucket < _entries.Length; bucket++)
        {
            foreach (var key in _entries[bucket]?.Keys.AsEnumerable() ?? [])
                _kept.Change(key);
            _entries[bucket] = null;
        }

        (Keys, _timers, _clockTimers) = (0, 0, 0);
        _clock.Clear();
    }

    private void Remove(SortedSet<long> timers, long at, bool isClock)
    {
        if (timers.Remove(at))
            _ = isClock ? _clockTimers-- : _timers--;
    }

    private void Enqueue(string key, Entry entry)
    {
        foreach (var at in entry.Timers)
            _deadlines.Enqueue(key, at);
        foreach (var at in entry.ClockTimers)
            _clock.Enqueue(key, at);
    }

    /// <summary>Timers that were taken back stay in the queues until their time, but not more of them than a few for each that is set. Between calls: a new key is no entry before its call counts.</summary>
    private void SweepIfWorthIt()
    {
        if (_deadlines.Count + _clock.Count < 4096 + (3 * (Keys + _timers + _clockTimers)))
            return;
        _deadlines.Clear();
        _clock.Clear();
        foreach (var (key, entry) in _entries.Where(b => b is not null).SelectMany(b => b!))
        {
            Enqueue(key, entry);
            if (entry.LooksAt < long.MaxValue)
                _deadlines.Enqueue(key, entry.LooksAt);
        }
    }

    private static byte[] Encode(TState state)
    {
        var writer = new StateWriter();
        StateCodec<TState>.Write(writer, state);
        return writer.Take();
    }

    private void LookAgain(string key, Entry entry, long at)
    {
        entry.LooksAt = at;
        _deadlines.Enqueue(key, at);
    }

    /// <summary>A key that only a timer by the clock kept is looked at again when it has none any more, whoever took that away.</summary>
    private void LookAgainUnlessByClock(string key, Entry entry)
    {
        if (entry.ClockTimers.Count == 0 && entry.LooksAt == long.MaxValue)
            LookAgain(key, entry, entry.Newest + keep);
    }

    /// <summary>What is known of a key.</summary>
    /// <param name="forgottenUpTo">Up to where results may stand that were forgotten with the key's former state.</param>
    private sealed class Entry(long forgottenUpTo)
    {
        private readonly long _forgottenUpTo = forgottenUpTo;

        public TState? State { get; set; }

        /// <summary>The state as it is kept.</summary>
        public byte[]? Kept { get; set; }

        /// <summary>The newest record's timestamp.</summary>
        public long Newest { get; set; }

        /// <summary>The watermark at which it is looked whether the key is over; it is not kept.</summary>
        public long LooksAt { get; set; }

        /// <summary>What the last result stands under, or where a forgotten one may stand.</summary>
        public long LastResult { get; set; } = forgottenUpTo;

        /// <summary>
        /// As far as it is for event time to say when the key is over. What the clock gave stands at the clock's time, which event time may be years behind, as where old records are read:
        /// keys would be kept until it comes there. It is not kept.
        /// </summary>
        public long LastInEventTime { get; set; } = long.MinValue;

        public SortedSet<long> Timers { get; private init; } = [];

        public SortedSet<long> ClockTimers { get; private init; } = [];

        public bool IsEmpty => State is null && LastResult == _forgottenUpTo && Timers.Count == 0 && ClockTimers.Count == 0;

        public void Write(StateWriter writer)
        {
            writer.Varint(Newest);
            writer.Varint(LastResult);
            writer.Varint(Kept is null ? 0 : 1);
            if (Kept is { } kept)
                writer.Bytes(kept);
            foreach (var timers in new[] { Timers, ClockTimers })
            {
                writer.Varint(timers.Count);
                foreach (var at in timers)
                    writer.Varint(at);
            }
        }

        public static Entry Read(ref StateReader reader)
        {
            var (newest, lastResult) = (reader.Varint(), reader.Varint());
            var kept = reader.Varint() == 0 ? null : reader.Bytes().ToArray();
            TState? state = null;
            if (kept is not null)
            {
                var inner = new StateReader(kept);
                state = StateCodec<TState>.Read(ref inner);
            }

            return new(long.MinValue) { Newest = newest, LastResult = lastResult, State = state, Kept = kept, Timers = ReadTimers(ref reader), ClockTimers = ReadTimers(ref reader) };
        }

        private static SortedSet<long> ReadTimers(ref StateReader reader)
        {
            var timers = new SortedSet<long>();
            for (var left = reader.Varint(); left > 0; left--)
                timers.Add(reader.Varint());
            return timers;
        }
    }
}

using StreamJobs.Columns;
using StreamJobs.State;

namespace StreamJobs.Engine;

/// <summary>
/// Sessions of keys that live on this partition alone. A record opens a session that ends the gap later; sessions that overlap or touch become one.
/// A record that, alone, would be late is late unless a session that is not final began before it or with it: so no session begins where a final one began, and
/// would write over its result. A closed session that a record has go on beyond the watermark is open again: its result is taken back until it closes, since
/// with its former end it would be final while it grows. See docs/adr/0007.
/// </summary>
internal sealed class SessionWindows<T, TResult>(
    long gap, long lateness, Aggregation<T, TResult> aggregation, Action<Func<WindowResult<TResult>>> emit) : IWindows<T, TResult>, IKeyed
{
    private readonly Dictionary<string, List<OneSession>> _sessions = new(StringComparer.Ordinal);
    private readonly PriorityQueue<string, long> _deadlines = new();
    private readonly ColumnSet<T> _columns = aggregation.CreateColumns();
    private readonly Stack<int> _free = [];
    private readonly KeptKeys<string> _kept = new(0);
    private int _slots;
    private long _finalUpTo = long.MinValue;

    public long NextDeadline => _deadlines.TryPeek(out _, out var at) ? at : long.MaxValue;

    public long Keys => _sessions.Count;

    /// <summary>What waits for its moment: bounded by the sessions that are alive, not by their records.</summary>
    internal int Queued => _deadlines.Count;

    public bool Add(string key, long timestamp, in T record, long watermark)
    {
        var all = _sessions.GetValueOrDefault(key) ?? [];
        var final = watermark == long.MinValue ? _finalUpTo : Math.Max(_finalUpTo, watermark - lateness);
        var (start, end) = (timestamp, timestamp + gap);
        var joined = new List<OneSession>();
        foreach (var session in all)
        {
            // One that is final may still be here, where records are waited for less than when it was kept.
            if (session.End > final && session.Start <= timestamp + gap && session.End >= timestamp)
            {
                joined.Add(session);
                (start, end) = (Math.Min(start, session.Start), Math.Max(end, session.End));
            }
        }

        // Results stand under their session's start, so the session that begins first takes the others in.
        var into = joined.Find(s => s.Start == start);
        if (into is null && timestamp + gap <= final)
            return false;
        _columns.Evaluate(record);
        var isNew = joined.Count == 0;
        into ??= isNew ? new OneSession(Take()) : joined[0];
        var slot = joined.Count > 1 ? Take() : into.Slot; // what several come to may throw, and must leave them as they are
        try
        {
            foreach (var session in joined.Count > 1 ? joined : [])
                _columns.Merge(slot, _columns, session.Slot);
            _columns.Commit(slot);
        }
        catch
        {
            if (isNew || joined.Count > 1)
                _free.Push(slot);
            throw;
        }

        if (slot != into.Slot)
        {
            _free.Push(into.Slot);
            into.Slot = slot;
        }

        if (isNew)
        {
            _sessions[key] = all;
            all.Add(into);
        }

        foreach (var other in joined.Where(s => s != into))
        {
            all.Remove(other);
            _free.Push(other.Slot);
            Retract(key, other);
        }

        // It begins earlier now: what was said under the former start is no more, and the new one has its revisions from 0.
        if (!isNew && into.Start != start)
        {
            Retract(key, into);
            (into.Emitted, into.Reopened, into.IsTakenBack) = (-1, false, false);
        }

        if (into.Emitted >= 0 && end > watermark)
        {
            Retract(key, into);
            into.Reopened = true;
        }

        (into.Start, into.End) = (start, end);
        _kept.Change(key);
        if (watermark >= end)
            Emit(key, into);
        LookAgain(key, into, watermark);
        return true;
    }

    public void Advance(long watermark)
    {
        while (_deadlines.TryPeek(out var key, out var at) && at <= watermark)
        {
            _deadlines.Dequeue();
            if (!_sessions.TryGetValue(key, out var all))
                continue;
            for (var i = all.Count - 1; i >= 0; i--)
            {
                var session = all[i];
                if (session.LooksAt > at)
                    continue; // another's moment
                session.LooksAt = long.MaxValue;
                if (session.End <= watermark && (session.Emitted < 0 || session.Reopened))
                {
                    Emit(key, session);
                    _kept.Change(key);
                }

                if (watermark >= session.End + lateness)
                {
                    all.RemoveAt(i);
                    _free.Push(session.Slot);
                    _kept.Change(key);
                }
                else
                {
                    LookAgain(key, session, watermark);
                }
            }

            if (all.Count == 0)
                _sessions.Remove(key);
        }
    }

    public void TakeChanges(List<StateBlob> changes) => _kept.TakeChanges(this, changes);

    public void Restore(IEnumerable<StateBlob> blobs, long watermark, long finalUpTo)
    {
        _finalUpTo = finalUpTo;
        foreach (var (key, data) in _kept.Restore(blobs))
        {
            var reader = new StateReader(data);
            var all = new List<OneSession>();
            while (!reader.AtEnd)
            {
                var start = reader.Varint();
                var session = new OneSession(Take()) { Start = start, End = start + reader.Varint(), Emitted = (int)reader.Varint(), Reopened = reader.Varint() == 1 };
                _columns.Read(ref reader, session.Slot);
                all.Add(session);
                LookAgain(key, session, watermark);
            }

            _sessions.Add(key, all);
        }
    }

    public IEnumerable<WindowResult<TResult>> Open(long watermark, string? key) =>
        from at in key is null ? _sessions.Keys : _sessions.ContainsKey(key) ? [key] : Enumerable.Empty<string>()
        from session in _sessions[at]
        where session.End > watermark
        from result in JobOutput<TResult>.Computable([() => new(at, session.Start, session.End, 0, false, aggregation.Result(_columns, session.Slot))])
        select result;

    int IKeyed<string>.Count => _sessions.Count;

    IEnumerable<string> IKeyed<string>.EntriesIn(Func<int, bool> isWanted) => _sessions.Keys.Where(key => isWanted(KeyHash.BucketOf(key)));

    bool IKeyed<string>.Write(string entry, StateWriter writer)
    {
        if (!_sessions.TryGetValue(entry, out var all))
            return false;
        foreach (var session in all)
        {
            writer.Varint(session.Start);
            writer.Varint(session.End - session.Start);
            writer.Varint(session.Emitted);
            writer.Varint(session.Reopened ? 1 : 0);
            _columns.Write(writer, session.Slot);
        }

        return true;
    }

    private void Emit(string key, OneSession session)
    {
        session.Emitted++;
        (session.Reopened, session.IsTakenBack) = (false, false);
        emit(() => new(key, session.Start, session.End, session.Emitted, false, aggregation.Result(_columns, session.Slot)));
    }

    private void Retract(string key, OneSession session)
    {
        if (session.Emitted < 0 || session.IsTakenBack)
            return;
        session.Emitted++;
        session.IsTakenBack = true;
        emit(() => new(key, session.Start, session.End, session.Emitted, true, default!));
    }

    /// <summary>Sees to it that a session is looked at when it closes, or when it is final; not for each record that makes it longer, but when that look finds it so.</summary>
    private void LookAgain(string key, OneSession session, long watermark)
    {
        var at = watermark >= session.End ? session.End + lateness : session.End;
        if (session.LooksAt <= at)
            return;
        session.LooksAt = at;
        _deadlines.Enqueue(key, at);
    }

    private int Take()
    {
        if (!_free.TryPop(out var slot))
            slot = _slots++;
        _columns.Open(slot);
        return slot;
    }

    private sealed class OneSession(int slot)
    {
        public int Slot { get; set; } = slot;

        public long Start { get; set; }

        public long End { get; set; }

        /// <summary>The revision that was emitted last; -1 before the first.</summary>
        public int Emitted { get; set; } = -1;

        /// <summary>Whether it goes on since: what it comes to is emitted when it closes again.</summary>
        public bool Reopened { get; set; }

        /// <summary>
        /// Whether what was emitted last is taken back already. It is not kept: an earlier version of this library took nothing back, so what it kept says nothing of it, and to take a result
        /// back twice does no harm.
        /// </summary>
        public bool IsTakenBack { get; set; }

        /// <summary>The watermark at which it is looked at next; it is not kept.</summary>
        public long LooksAt { get; set; } = long.MaxValue;
    }
}

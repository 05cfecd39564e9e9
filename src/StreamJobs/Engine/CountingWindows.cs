using StreamJobs.Columns;
using StreamJobs.State;

namespace StreamJobs.Engine;

/// <summary>So many records of a key at a time, in their partition's order. Nothing is ever late; a window spans its records' times.</summary>
internal sealed class CountingWindows<T, TResult>(int records, Aggregation<T, TResult> aggregation, Action<Func<WindowResult<TResult>>> emit)
    : IWindows<T, TResult>, IKeyed
{
    private readonly Dictionary<string, Filling> _filling = new(StringComparer.Ordinal);
    private readonly ColumnSet<T> _columns = aggregation.CreateColumns();
    private readonly Stack<int> _free = [];
    private readonly KeptKeys<string> _kept = new(0);
    private int _slots;

    public long NextDeadline => long.MaxValue;

    public long Keys => _filling.Count;

    public bool Add(string key, long timestamp, in T record, long watermark)
    {
        _columns.Evaluate(record);
        var filling = _filling.GetValueOrDefault(key) ?? new();
        var isFirst = filling.Count == 0;
        var slot = isFirst ? Take() : filling.Slot;
        try
        {
            _columns.Commit(slot);
        }
        catch
        {
            if (isFirst)
                _free.Push(slot);
            throw;
        }

        _filling[key] = filling;
        _kept.Change(key);
        filling.Slot = slot;
        (filling.First, filling.Last) = isFirst ? (timestamp, timestamp) : (Math.Min(filling.First, timestamp), Math.Max(filling.Last, timestamp));
        if (++filling.Count == records)
        {
            var start = StartOf(filling);
            emit(() => Result(key, filling));
            (filling.FormerStart, filling.Count) = (start, 0);
            _free.Push(slot);
        }

        return true;
    }

    public void Advance(long watermark)
    {
        // The end of the input fills no window: one that isn't full has no result.
    }

    public void TakeChanges(List<StateBlob> changes) => _kept.TakeChanges(this, changes);

    public void Restore(IEnumerable<StateBlob> blobs, long watermark, long finalUpTo)
    {
        foreach (var (key, data) in _kept.Restore(blobs))
        {
            var reader = new StateReader(data);
            var filling = new Filling { First = reader.Varint(), Last = reader.Varint(), Count = (int)reader.Varint() };
            if (filling.Count > 0)
                _columns.Read(ref reader, filling.Slot = Take());
            if (!reader.AtEnd)
                filling.FormerStart = reader.Varint();
            _filling.Add(key, filling);
        }
    }

    public IEnumerable<WindowResult<TResult>> Open(long watermark, string? key) => JobOutput<TResult>.Computable(
        from at in key is null ? _filling.Keys : _filling.ContainsKey(key) ? [key] : Enumerable.Empty<string>()
        let filling = _filling[at]
        where filling.Count > 0
        select (Func<WindowResult<TResult>>)(() => Result(at, filling)));

    int IKeyed<string>.Count => _filling.Count;

    IEnumerable<string> IKeyed<string>.EntriesIn(Func<int, bool> isWanted) => _filling.Keys.Where(key => isWanted(KeyHash.BucketOf(key)));

    bool IKeyed<string>.Write(string entry, StateWriter writer)
    {
        if (!_filling.TryGetValue(entry, out var filling))
            return false;
        writer.Varint(filling.First);
        writer.Varint(filling.Last);
        writer.Varint(filling.Count);
        if (filling.Count > 0)
            _columns.Write(writer, filling.Slot);
        writer.Varint(filling.FormerStart);
        return true;
    }

    private WindowResult<TResult> Result(string key, Filling filling) =>
        new(key, StartOf(filling), Math.Max(filling.Last, StartOf(filling)) + 1, 0, false, aggregation.Result(_columns, filling.Slot));

    /// <summary>Results stand under their window's start, so a key's window that begins in the millisecond of the former one, or before it, stands right after it.</summary>
    private static long StartOf(Filling filling) => filling.First > filling.FormerStart ? filling.First : filling.FormerStart + 1;

    private int Take()
    {
        if (!_free.TryPop(out var slot))
            slot = _slots++;
        _columns.Open(slot);
        return slot;
    }

    private sealed class Filling
    {
        public int Slot { get; set; }

        public long First { get; set; }

        public long Last { get; set; }

        public int Count { get; set; }

        /// <summary>Where the key's last full window stands.</summary>
        public long FormerStart { get; set; } = long.MinValue;
    }
}

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
        var isNew = !_filling.TryGetValue(key, out var filling);
        filling ??= new(Take()) { First = timestamp, Last = timestamp };
        try
        {
            _columns.Commit(filling.Slot);
        }
        catch
        {
            if (isNew)
                _free.Push(filling.Slot);
            throw;
        }

        _filling[key] = filling;
        _kept.Change(key);
        (filling.First, filling.Last) = (Math.Min(filling.First, timestamp), Math.Max(filling.Last, timestamp));
        if (++filling.Count == records)
        {
            emit(() => Result(key, filling));
            _filling.Remove(key);
            _free.Push(filling.Slot);
        }

        return true;
    }

    public void Advance(long watermark)
    {
        // The end of the input fills no window: one that isn't full has no result.
    }

    public void TakeChanges(List<StateBlob> changes) => _kept.TakeChanges(this, changes);

    public void Restore(IEnumerable<StateBlob> blobs, long watermark)
    {
        foreach (var (key, data) in _kept.Restore(blobs))
        {
            var reader = new StateReader(data);
            var filling = new Filling(Take()) { First = reader.Varint(), Last = reader.Varint(), Count = (int)reader.Varint() };
            _columns.Read(ref reader, filling.Slot);
            _filling.Add(key, filling);
        }
    }

    public IEnumerable<WindowResult<TResult>> Open(long watermark) => _filling.Select(f => Result(f.Key, f.Value));

    int IKeyed<string>.Count => _filling.Count;

    IEnumerable<string> IKeyed<string>.EntriesIn(Func<int, bool> isWanted) => _filling.Keys.Where(key => isWanted(KeyHash.BucketOf(key)));

    bool IKeyed<string>.Write(string entry, StateWriter writer)
    {
        if (!_filling.TryGetValue(entry, out var filling))
            return false;
        writer.Varint(filling.First);
        writer.Varint(filling.Last);
        writer.Varint(filling.Count);
        _columns.Write(writer, filling.Slot);
        return true;
    }

    private WindowResult<TResult> Result(string key, Filling filling) =>
        new(key, filling.First, filling.Last + 1, 0, false, aggregation.Result(_columns, filling.Slot));

    private int Take()
    {
        if (!_free.TryPop(out var slot))
            slot = _slots++;
        _columns.Open(slot);
        return slot;
    }

    private sealed class Filling(int slot)
    {
        public int Slot => slot;

        public long First { get; set; }

        public long Last { get; set; }

        public int Count { get; set; }
    }
}

using StreamJobs.Columns;

namespace StreamJobs.State;

/// <summary>The keys of one window or slice and their aggregates.</summary>
internal sealed class Pane<T>(long start, ColumnSet<T> columns) : IKeyed<int>
{
    private readonly Dictionary<string, int> _slots = new(StringComparer.Ordinal);
    private readonly KeptKeys<int> _kept = new(start);
    private string[] _keys = [];
    private short[] _buckets = [];

    public long Start => start;

    public ColumnSet<T> Columns => columns;

    public int Count { get; private set; }

    public IEnumerable<string> Keys => _slots.Keys;

    public string KeyAt(int slot) => _keys[slot];

    public bool TryFind(string key, out int slot) => _slots.TryGetValue(key, out slot);

    /// <summary>Adds the record that <see cref="Columns"/> has evaluated. When that throws, nothing has changed.</summary>
    public int Commit(string key)
    {
        var slot = FindOrOpen(key, out var isNew);
        try
        {
            columns.Commit(slot);
        }
        catch
        {
            if (isNew)
                RemoveLast(key);
            throw;
        }

        Touch(slot);
        return slot;
    }

    public int FindOrOpen(string key, out bool isNew)
    {
        if (_slots.TryGetValue(key, out var slot))
        {
            isNew = false;
            return slot;
        }

        slot = Count++;
        if (slot == _keys.Length)
        {
            Array.Resize(ref _keys, Math.Max(16, _keys.Length * 2));
            Array.Resize(ref _buckets, _keys.Length);
        }

        _keys[slot] = key;
        _buckets[slot] = (short)KeyHash.BucketOf(key);
        _slots.Add(key, slot);
        columns.Open(slot);
        isNew = true;
        return slot;
    }

    public void Touch(int slot) => _kept.Change(slot);

    /// <summary>Adds all of another pane's keys.</summary>
    public void Merge(Pane<T> other)
    {
        for (var from = 0; from < other.Count; from++)
            columns.Merge(FindOrOpen(other._keys[from], out _), other.Columns, from);
    }

    /// <summary>The whole pane as bytes.</summary>
    public void Write(StateWriter writer)
    {
        for (var slot = 0; slot < Count; slot++)
        {
            writer.Text(_keys[slot]);
            columns.Write(writer, slot);
        }
    }

    /// <summary>Adds what was written.</summary>
    public void Read(ReadOnlySpan<byte> data)
    {
        var reader = new StateReader(data);
        while (!reader.AtEnd)
            columns.Read(ref reader, FindOrOpen(reader.Text()!, out _));
    }

    /// <summary>Takes what checkpoints kept.</summary>
    public void Restore(IEnumerable<StateBlob> blobs)
    {
        foreach (var (key, data) in _kept.Restore(blobs))
        {
            var reader = new StateReader(data);
            columns.Read(ref reader, FindOrOpen(key, out _));
        }
    }

    /// <summary>What has changed since the last call.</summary>
    public void TakeChanges(List<StateBlob> changes) => _kept.TakeChanges(this, changes);

    /// <summary>Says that the pane is gone, if it was ever kept.</summary>
    public void TakeRemoval(List<StateBlob> changes) => _kept.TakeRemoval(changes);

    IEnumerable<int> IKeyed<int>.EntriesIn(Func<int, bool> isWanted) => Enumerable.Range(0, Count).Where(slot => isWanted(_buckets[slot]));

    string IKeyed<int>.KeyOf(int slot) => _keys[slot];

    int IKeyed<int>.BucketOf(int slot) => _buckets[slot];

    bool IKeyed<int>.Write(int slot, StateWriter writer)
    {
        columns.Write(writer, slot);
        return true;
    }

    private void RemoveLast(string key)
    {
        _slots.Remove(key);
        Count--;
    }
}

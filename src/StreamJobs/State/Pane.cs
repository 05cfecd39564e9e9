using System.Numerics;
using StreamJobs.Columns;

namespace StreamJobs.State;

/// <summary>
/// The keys of one window or slice and their aggregates. It knows which keys have changed since it was last kept, by groups of about a thousand
/// keys: a checkpoint writes those groups, never a row per key.
/// </summary>
internal sealed class Pane<T>(long start, ColumnSet<T> columns)
{
    private const int KeysPerGroup = 1024;
    private readonly Dictionary<string, int> _slots = new(StringComparer.Ordinal);
    private readonly bool[] _dirty = new bool[KeyHash.Buckets];
    private string[] _keys = [];
    private short[] _buckets = [];
    private int _groupsKept;
    private bool _anyDirty;

    public long Start => start;

    public ColumnSet<T> Columns => columns;

    public int Count { get; private set; }

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

    public void Touch(int slot)
    {
        _dirty[_buckets[slot]] = true;
        _anyDirty = true;
    }

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
            WriteSlot(writer, slot);
    }

    /// <summary>Adds what was written.</summary>
    public void Read(ReadOnlySpan<byte> data)
    {
        var reader = new StateReader(data);
        while (!reader.AtEnd)
            columns.Read(ref reader, FindOrOpen(reader.Text()!, out _));
    }

    /// <summary>As <see cref="Read"/>, of what a checkpoint kept: it counts as kept.</summary>
    public void Restore(ReadOnlySpan<byte> data)
    {
        Read(data);
        _groupsKept++;
    }

    /// <summary>What has changed since the last call.</summary>
    public void TakeChanges(List<StateBlob> changes)
    {
        if (!_anyDirty)
            return;
        var groups = (int)Math.Min(KeyHash.Buckets, BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, Count / KeysPerGroup)));
        if (groups != _groupsKept)
        {
            if (_groupsKept > 0)
                changes.Add(new(start, -1, null));
            Array.Fill(_dirty, true);
            _groupsKept = groups;
        }

        var writers = new StateWriter?[groups];
        for (var bucket = 0; bucket < _dirty.Length; bucket++)
        {
            if (_dirty[bucket])
                writers[bucket & (groups - 1)] ??= new();
        }

        for (var slot = 0; slot < Count; slot++)
        {
            if (writers[_buckets[slot] & (groups - 1)] is { } writer)
                WriteSlot(writer, slot);
        }

        for (var group = 0; group < groups; group++)
        {
            if (writers[group] is { Length: > 0 } writer)
                changes.Add(new(start, group, writer.Take()));
        }

        Array.Clear(_dirty);
        _anyDirty = false;
    }

    /// <summary>Says that the pane is gone, if it was ever kept.</summary>
    public void TakeRemoval(List<StateBlob> changes)
    {
        if (_groupsKept > 0)
            changes.Add(new(start, -1, null));
    }

    private void WriteSlot(StateWriter writer, int slot)
    {
        writer.Text(_keys[slot]);
        columns.Write(writer, slot);
    }

    private void RemoveLast(string key)
    {
        _slots.Remove(key);
        Count--;
    }
}

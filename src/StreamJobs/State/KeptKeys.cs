using System.Numerics;

namespace StreamJobs.State;

/// <summary>
/// Which keys have changed since they were last kept, and what of them is kept how. A checkpoint writes a delta, the keys that changed, and, in turn, as much
/// of the base, which is all keys by groups: it costs what has changed, not what there is, and what must be read again stays below a few times that. When most
/// keys have changed, it writes the base alone. Never a row per key.
/// </summary>
/// <param name="pane">The pane that it is kept under.</param>
internal sealed class KeptKeys<TEntry>(long pane)
{
    private const int KeysPerGroup = 256;

    /// <summary>What a delta costs at least, so that they stay few: a page of the table.</summary>
    private const int BytesPerDelta = 8192;

    private readonly HashSet<TEntry> _changed = [];
    private readonly Queue<int> _deltas = new();
    private GroupOfKeys[] _groups = [];
    private int _sequence;
    private int _next;
    private long _budget;
    private bool _isKept;

    /// <summary>A key has changed, come or gone.</summary>
    public void Change(TEntry entry) => _changed.Add(entry);

    /// <summary>Gives back what was kept: each key once, and what was written of it.</summary>
    /// <exception cref="StateFormatException">It was not kept in this way.</exception>
    public IEnumerable<(string Key, byte[] Data)> Restore(IEnumerable<StateBlob> blobs)
    {
        var kept = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var blob in blobs.OrderBy(b => b.Group))
        {
            _isKept = true;
            var part = new KeptPart(blob.Group);
            var reader = new StateReader(blob.Data);
            if (part.IsDelta)
            {
                _deltas.Enqueue(_sequence = part.Sequence);
            }
            else
            {
                if (_groups.Length == 0)
                    _groups = new GroupOfKeys[part.Groups];
                if (_groups.Length != part.Groups)
                    throw new StateFormatException($"pane {pane} is kept in {_groups.Length} and in {part.Groups} groups");
                _groups[part.Group] = new((int)reader.Varint(), blob.Data!.Length);
            }

            while (!reader.AtEnd)
            {
                var key = reader.Text()!;
                var isGone = reader.Varint() == 0;
                var data = isGone ? [] : reader.Bytes().ToArray();
                if (part.IsDelta && _groups.Length > 0 && _groups[KeyHash.BucketOf(key) & (_groups.Length - 1)].Sequence >= part.Sequence)
                    continue; // the base has it from later
                if (isGone)
                    kept.Remove(key);
                else
                    kept[key] = data;
            }
        }

        _sequence = Math.Max(_sequence, _groups.Select(g => g.Sequence).DefaultIfEmpty().Max());
        _next = _groups.Length == 0 ? 0 : Array.IndexOf(_groups, _groups.MinBy(g => g.Sequence));
        return kept.Select(k => (k.Key, k.Value));
    }

    /// <summary>What has changed since the last call.</summary>
    /// <param name="state">All keys, as they stand.</param>
    /// <param name="changes">Where it is added.</param>
    public void TakeChanges(IKeyed<TEntry> state, List<StateBlob> changes)
    {
        if (_changed.Count == 0)
            return;
        if (state.Count == 0)
        {
            TakeRemoval(changes);
            ClearChanged();
            return;
        }

        _sequence++;
        var fitting = (int)Math.Min(KeyHash.Buckets, BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, state.Count / KeysPerGroup)));
        var isDividedAnew = _groups.Length < fitting || _groups.Length > 4 * fitting || _sequence > KeptPart.MaxSequence;
        if (isDividedAnew || _changed.Count * 2 >= state.Count)
        {
            if (isDividedAnew)
            {
                TakeRemoval(changes);
                (_groups, _sequence) = (new GroupOfKeys[fitting], 1);
            }

            WriteGroups(state, 0, _groups.Length, changes);
            (_next, _budget) = (0, 0);
        }
        else
        {
            _budget += Math.Max(BytesPerDelta, WriteDelta(state, changes));
            var groups = 0;
            for (; groups < _groups.Length && _budget > 0; groups++)
                _budget -= Math.Max(1, _groups[(_next + groups) % _groups.Length].Bytes);
            WriteGroups(state, _next, groups, changes);
            _next = (_next + groups) % _groups.Length;
        }

        // Deltas that the oldest group is younger than. What is gone is taken away before what is kept is written, so this one's is not among them.
        var oldest = _groups.Min(g => g.Sequence);
        while (_deltas.TryPeek(out var delta) && delta <= oldest && delta < _sequence)
            changes.Add(new(pane, KeptPart.Delta(_deltas.Dequeue()), null));
        ClearChanged();
    }

    /// <summary>Says that all is gone, if any was ever kept.</summary>
    public void TakeRemoval(List<StateBlob> changes)
    {
        if (_isKept)
            changes.Add(new(pane, -1, null));
        _isKept = false;
        _deltas.Clear();
        (_groups, _sequence) = ([], 0);
    }

    private void ClearChanged()
    {
        var wasLarge = _changed.Count > 16_384;
        _changed.Clear();
        if (wasLarge)
            _changed.TrimExcess(); // a rush must not keep its memory for ever
    }

    private int WriteDelta(IKeyed<TEntry> state, List<StateBlob> changes)
    {
        var (writer, one) = (new StateWriter(), new StateWriter());
        foreach (var entry in _changed)
            Write(state, entry, one, writer, isGoneSaid: true);
        Add(changes, KeptPart.Delta(_sequence), writer.Take());
        _deltas.Enqueue(_sequence);
        return changes[^1].Data!.Length;
    }

    private void WriteGroups(IKeyed<TEntry> state, int first, int count, List<StateBlob> changes)
    {
        if (count == 0)
            return;
        var mask = _groups.Length - 1;
        var (writers, one) = (new StateWriter?[_groups.Length], new StateWriter());
        for (var i = 0; i < count; i++)
            (writers[(first + i) & mask] = new()).Varint(_sequence);
        foreach (var entry in state.EntriesIn(bucket => writers[bucket & mask] is not null))
            Write(state, entry, one, writers[state.BucketOf(entry) & mask]!, isGoneSaid: false);

        for (var i = 0; i < count; i++)
        {
            var group = (first + i) & mask;
            var data = writers[group]!.Take();
            Add(changes, KeptPart.Base(_groups.Length, group), data);
            _groups[group] = new(_sequence, data.Length);
        }
    }

    private static void Write(IKeyed<TEntry> state, TEntry entry, StateWriter one, StateWriter writer, bool isGoneSaid)
    {
        var isThere = state.Write(entry, one);
        if (!isThere && !isGoneSaid)
            return;
        writer.Text(state.KeyOf(entry));
        writer.Varint(isThere ? 1 : 0);
        if (isThere)
            writer.Bytes(one.Written);
        one.Clear();
    }

    private void Add(List<StateBlob> changes, int part, byte[] data)
    {
        changes.Add(new(pane, part, data));
        _isKept = true;
    }

    /// <summary>A group of the base: when it was written, and how large it was.</summary>
    private readonly record struct GroupOfKeys(int Sequence, int Bytes);
}

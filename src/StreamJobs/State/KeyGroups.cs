using System.Numerics;

namespace StreamJobs.State;

/// <summary>
/// Which keys have changed since they were last kept, by groups: a checkpoint writes whole groups, never a row per key. Few keys have few groups, because a
/// small row costs the database as much as one of some kilobytes.
/// </summary>
/// <param name="keysPerGroup">About how many keys a group has, until there are <see cref="KeyHash.Buckets"/> groups.</param>
internal sealed class KeyGroups(int keysPerGroup)
{
    // A group is kept under its number with the number of all groups above it: what was kept says how it was divided.
    private const int GroupBits = 16;

    private readonly bool[] _changed = new bool[KeyHash.Buckets];
    private readonly bool[] _kept = new bool[KeyHash.Buckets];
    private StateWriter?[] _writers = [];
    private int _groups;
    private bool _anyChanged;
    private bool _anyKept;

    /// <summary>A key of the bucket has changed.</summary>
    public void Change(int bucket)
    {
        _changed[bucket] = true;
        _anyChanged = true;
    }

    /// <summary>A group was kept.</summary>
    public void Restore(int group)
    {
        var groups = group >> GroupBits;
        _anyKept = true;
        if (groups > KeyHash.Buckets || !BitOperations.IsPow2(groups))
            return; // divided otherwise: the next time all is kept anew
        _groups = groups;
        _kept[group & (groups - 1)] = true;
    }

    /// <summary>Begins to write what has changed.</summary>
    /// <param name="pane">The pane that it is kept under.</param>
    /// <param name="keys">How many keys there are.</param>
    /// <param name="changes">Where what is gone is added.</param>
    /// <returns>False when nothing has changed. Otherwise all keys that have a writer must be written, then <see cref="End"/> be called.</returns>
    public bool Begin(long pane, long keys, List<StateBlob> changes)
    {
        if (!_anyChanged)
            return false;
        var fitting = (int)Math.Min(KeyHash.Buckets, BitOperations.RoundUpToPowerOf2((ulong)Math.Max(1, keys / keysPerGroup)));
        if (_groups < fitting || _groups > 4 * fitting)
        {
            TakeRemoval(pane, changes);
            Array.Fill(_changed, true);
            _groups = fitting;
        }

        _writers = new StateWriter?[_groups];
        for (var bucket = 0; bucket < _changed.Length; bucket++)
        {
            if (_changed[bucket])
                _writers[bucket & (_groups - 1)] ??= new();
        }

        return true;
    }

    /// <summary>Where the keys of a bucket are written; null when its group has not changed.</summary>
    public StateWriter? WriterOf(int bucket) => _writers[bucket & (_groups - 1)];

    /// <summary>Adds the groups that were written, and says of those where nothing was that they are gone.</summary>
    public void End(long pane, List<StateBlob> changes)
    {
        for (var group = 0; group < _groups; group++)
        {
            if (_writers[group] is not { } writer)
                continue;
            var data = writer.Length > 0 ? writer.Take() : null;
            if (data is not null || _kept[group])
                changes.Add(new(pane, (_groups << GroupBits) | group, data));
            _kept[group] = data is not null;
            _anyKept |= _kept[group];
        }

        _writers = [];
        Array.Clear(_changed);
        _anyChanged = false;
    }

    /// <summary>Says that all groups are gone, if any was ever kept.</summary>
    public void TakeRemoval(long pane, List<StateBlob> changes)
    {
        if (!_anyKept)
            return;
        changes.Add(new(pane, -1, null));
        Array.Clear(_kept);
        _anyKept = false;
    }
}

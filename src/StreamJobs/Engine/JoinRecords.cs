using StreamJobs.State;

namespace StreamJobs.Engine;

/// <summary>A record that waits for partners, and where it stood on its topic.</summary>
internal readonly record struct JoinRecord(long Time, int Partition, long Offset, int Part, string Value)
{
    /// <summary>What it is called in the keys of results.</summary>
    public string Place => Part == 0 ? FormattableString.Invariant($"{Partition}.{Offset}") : FormattableString.Invariant($"{Partition}.{Offset}.{Part}");
}

/// <summary>The records of both sides that may still have partners, by key and time.</summary>
internal sealed class JoinRecords(long pane, JoinBounds bounds) : IKeyed
{
    private readonly Dictionary<string, List<JoinRecord>[]>?[] _keys = new Dictionary<string, List<JoinRecord>[]>?[KeyHash.Buckets];
    private readonly PriorityQueue<string, long>[] _due = [new(), new()];
    private readonly KeptKeys<string> _kept = new(pane);

    /// <summary>How many keys there are.</summary>
    public long Keys { get; private set; }

    /// <summary>How many records there are.</summary>
    public long Count { get; private set; }

    /// <summary>The partners of a record that are here.</summary>
    public IEnumerable<JoinRecord> PartnersOf(JoinSide side, string key, long time)
    {
        if (Find(key) is not { } both)
            yield break;
        var (first, last) = bounds.PartnersOf(side, time);
        var others = both[1 - (int)side];
        for (var i = IndexOf(others, first); i < others.Count && others[i].Time <= last; i++)
            yield return others[i];
    }

    public void Add(JoinSide side, string key, in JoinRecord record)
    {
        if (Find(key) is not { } both)
        {
            (_keys[KeyHash.BucketOf(key)] ??= new(StringComparer.Ordinal)).Add(key, both = [[], []]);
            Keys++;
        }

        Count++;
        both[(int)side].Insert(IndexOf(both[(int)side], record.Time + 1), record);
        _due[(int)side].Enqueue(key, bounds.KeptUpTo(side, record.Time));
        _kept.Change(key);
    }

    /// <summary>Forgets a side's records that the other side's watermark has passed all partners of.</summary>
    public void Release(JoinSide side, long watermark)
    {
        while (_due[(int)side].TryPeek(out var key, out var due) && due < watermark)
        {
            _due[(int)side].Dequeue();
            if (Find(key) is not { } both)
                continue;
            var mine = both[(int)side];
            var over = 0;
            while (over < mine.Count && bounds.KeptUpTo(side, mine[over].Time) < watermark)
                over++;
            if (over == 0)
                continue; // it went with one before it
            mine.RemoveRange(0, over);
            Count -= over;
            _kept.Change(key);
            if (both[0].Count + both[1].Count > 0)
                continue;
            _keys[KeyHash.BucketOf(key)]!.Remove(key);
            Keys--;
        }
    }

    public void TakeChanges(List<StateBlob> changes) => _kept.TakeChanges(this, changes);

    public void Restore(IEnumerable<StateBlob> blobs)
    {
        foreach (var (key, data) in _kept.Restore(blobs))
        {
            var reader = new StateReader(data);
            List<JoinRecord>[] both = [Read(ref reader), Read(ref reader)];
            (_keys[KeyHash.BucketOf(key)] ??= new(StringComparer.Ordinal)).Add(key, both);
            Keys++;
            Count += both[0].Count + both[1].Count;
            foreach (var side in new[] { JoinSide.Left, JoinSide.Right })
            {
                foreach (var record in both[(int)side])
                    _due[(int)side].Enqueue(key, bounds.KeptUpTo(side, record.Time));
            }
        }
    }

    int IKeyed<string>.Count => (int)Keys;

    IEnumerable<string> IKeyed<string>.EntriesIn(Func<int, bool> isWanted) => _keys.Where((b, i) => b is not null && isWanted(i)).SelectMany(b => b!.Keys);

    bool IKeyed<string>.Write(string entry, StateWriter writer)
    {
        if (Find(entry) is not { } both)
            return false;
        Write(writer, both[0]);
        Write(writer, both[1]);
        return true;
    }

    private static void Write(StateWriter writer, List<JoinRecord> records)
    {
        writer.Varint(records.Count);
        foreach (var record in records)
        {
            writer.Varint(record.Time);
            writer.Varint(record.Partition);
            writer.Varint(record.Offset);
            writer.Varint(record.Part);
            writer.Text(record.Value);
        }
    }

    private static List<JoinRecord> Read(ref StateReader reader)
    {
        var records = new List<JoinRecord>();
        for (var left = reader.Varint(); left > 0; left--)
            records.Add(new(reader.Varint(), (int)reader.Varint(), reader.Varint(), (int)reader.Varint(), reader.Text()!));
        return records;
    }

    private List<JoinRecord>[]? Find(string key) => _keys[KeyHash.BucketOf(key)]?.GetValueOrDefault(key);

    /// <summary>The index of the first record at a time or after it.</summary>
    private static int IndexOf(List<JoinRecord> records, long time)
    {
        var (low, high) = (0, records.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (records[middle].Time < time)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}

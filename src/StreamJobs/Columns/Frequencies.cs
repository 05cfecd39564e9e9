using StreamJobs.State;

namespace StreamJobs.Columns;

/// <summary>How often each value occurs; null values don't count.</summary>
internal sealed class Frequencies<T, TValue>(Func<T, TValue> selector) : Column<T>
    where TValue : notnull
{
    private Dictionary<TValue, long>?[] _counts = [];
    private TValue _pending = default!;

    public override void Evaluate(in T record) => _pending = selector(record);

    public override void Commit(int slot)
    {
        if (_pending is not null)
            Add(slot, _pending, 1);
    }

    /// <summary>The most frequent values; among equals the smaller value comes first, so that the answer is always the same.</summary>
    public IReadOnlyList<Ranked<TValue>> Top(int slot, int limit) =>
        [.. (_counts[slot] ?? []).Select(c => new Ranked<TValue>(c.Key, c.Value)).OrderByDescending(r => r.Count).ThenBy(r => r.Value).Take(limit)];

    public override void Grow(int capacity) => Array.Resize(ref _counts, capacity);

    public override void Clear(int slot) => _counts[slot] = null;

    public override void Merge(int slot, Column other, int otherSlot)
    {
        foreach (var (value, count) in ((Frequencies<T, TValue>)other)._counts[otherSlot] ?? [])
            Add(slot, value, count);
    }

    public override void Write(StateWriter writer, int slot)
    {
        var counts = _counts[slot] ?? [];
        writer.Varint(counts.Count);
        foreach (var (value, count) in counts)
        {
            StateCodec<TValue>.Write(writer, value);
            writer.Varint(count);
        }
    }

    public override void Read(ref StateReader reader, int slot)
    {
        for (var left = reader.Varint(); left > 0; left--)
        {
            var value = StateCodec<TValue>.Read(ref reader);
            Add(slot, value, reader.Varint());
        }
    }

    public override Column CreateEmpty() => new Frequencies<T, TValue>(selector);

    private void Add(int slot, TValue value, long count)
    {
        var counts = _counts[slot] ??= [];
        counts[value] = counts.GetValueOrDefault(value) + count;
    }
}

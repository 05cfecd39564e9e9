using StreamJobs.State;

namespace StreamJobs.Columns;

/// <summary>How many records, all or those for which something holds.</summary>
internal sealed class Count<T>(Func<T, bool>? predicate) : Column<T>
{
    private long[] _values = [];
    private int _pending = 1;

    public long this[int slot] => _values[slot];

    public override void Evaluate(in T record)
    {
        if (predicate is not null)
            _pending = predicate(record) ? 1 : 0;
    }

    public override void Commit(int slot) => _values[slot] += _pending;

    public override void Grow(int capacity) => Array.Resize(ref _values, capacity);

    public override void Clear(int slot) => _values[slot] = 0;

    public override void Merge(int slot, Column other, int otherSlot) => _values[slot] += ((Count<T>)other)._values[otherSlot];

    public override void Write(StateWriter writer, int slot) => writer.Varint(_values[slot]);

    public override void Read(ref StateReader reader, int slot) => _values[slot] = reader.Varint();

    public override Column CreateEmpty() => new Count<T>(predicate);
}

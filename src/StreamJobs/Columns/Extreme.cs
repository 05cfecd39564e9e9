using StreamJobs.State;

namespace StreamJobs.Columns;

/// <summary>The smallest (sign -1) or largest (sign 1) value; null values don't count, and of none it is the type's default.</summary>
internal sealed class Extreme<T, TValue>(Func<T, TValue> selector, int sign) : Column<T>
{
    private TValue[] _values = [];
    private bool[] _known = [];
    private TValue _pending = default!;

    public TValue this[int slot] => _values[slot];

    public override void Evaluate(in T record) => _pending = selector(record);

    public override void Commit(int slot) => Take(slot, _pending);

    public override void Grow(int capacity)
    {
        Array.Resize(ref _values, capacity);
        Array.Resize(ref _known, capacity);
    }

    public override void Clear(int slot) => (_values[slot], _known[slot]) = (default!, false);

    public override void Merge(int slot, Column other, int otherSlot)
    {
        var from = (Extreme<T, TValue>)other;
        if (from._known[otherSlot])
            Take(slot, from._values[otherSlot]);
    }

    public override void Write(StateWriter writer, int slot)
    {
        writer.Varint(_known[slot] ? 1 : 0);
        if (_known[slot])
            StateCodec<TValue>.Write(writer, _values[slot]);
    }

    public override void Read(ref StateReader reader, int slot)
    {
        _known[slot] = reader.Varint() == 1;
        if (_known[slot])
            _values[slot] = StateCodec<TValue>.Read(ref reader);
    }

    public override Column CreateEmpty() => new Extreme<T, TValue>(selector, sign);

    private void Take(int slot, TValue value)
    {
        if (value is null || (_known[slot] && Comparer<TValue>.Default.Compare(value, _values[slot]) * sign <= 0))
            return;
        (_values[slot], _known[slot]) = (value, true);
    }
}

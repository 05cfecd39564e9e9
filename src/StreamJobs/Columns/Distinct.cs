using StreamJobs.State;

namespace StreamJobs.Columns;

/// <summary>How many different values, exactly; null values don't count.</summary>
internal sealed class Distinct<T, TValue>(Func<T, TValue> selector) : Column<T>
{
    private SmallSet<TValue>[] _sets = [];
    private TValue _pending = default!;

    public long this[int slot] => _sets[slot].Count;

    public override void Evaluate(in T record) => _pending = selector(record);

    public override void Commit(int slot)
    {
        if (_pending is not null)
            _sets[slot].Add(_pending);
    }

    public override void Grow(int capacity) => Array.Resize(ref _sets, capacity);

    public override void Clear(int slot) => _sets[slot] = default;

    public override void Merge(int slot, Column other, int otherSlot)
    {
        ref var from = ref ((Distinct<T, TValue>)other)._sets[otherSlot];
        for (var i = 0; i < from.Count; i++)
            _sets[slot].Add(from[i]);
    }

    public override void Write(StateWriter writer, int slot)
    {
        ref var set = ref _sets[slot];
        writer.Varint(set.Count);
        for (var i = 0; i < set.Count; i++)
            StateCodec<TValue>.Write(writer, set[i]);
    }

    public override void Read(ref StateReader reader, int slot)
    {
        for (var count = reader.Varint(); count > 0; count--)
            _sets[slot].Add(StateCodec<TValue>.Read(ref reader));
    }

    public override Column CreateEmpty() => new Distinct<T, TValue>(selector);
}

/// <summary>A set that costs nothing beside its first value, an array for a few, and an index beyond. Values keep their order of arrival.</summary>
internal struct SmallSet<TValue>
{
    private const int Indexed = 16;
    private TValue _first;
    private TValue[]? _others;
    private HashSet<TValue>? _index;

    public int Count { get; private set; }

    public readonly TValue this[int i] => i == 0 ? _first : _others![i - 1];

    public void Add(TValue value)
    {
        if (Contains(value))
            return;
        if (Count == 0)
        {
            _first = value;
        }
        else
        {
            _others ??= new TValue[3];
            if (Count - 1 == _others.Length)
                Array.Resize(ref _others, _others.Length * 2);
            _others[Count - 1] = value;
        }

        Count++;
        if (_index is not null)
            _index.Add(value);
        else if (Count > Indexed)
            _index = [_first, .. _others.AsSpan(0, Count - 1)];
    }

    private readonly bool Contains(TValue value)
    {
        if (_index is not null)
            return _index.Contains(value);
        for (var i = 0; i < Count; i++)
        {
            if (EqualityComparer<TValue>.Default.Equals(this[i], value))
                return true;
        }

        return false;
    }
}

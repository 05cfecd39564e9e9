using System.Numerics;
using StreamJobs.State;

namespace StreamJobs.Columns;

/// <summary>A sum over the records that have the value; of none it is 0. An overflow throws: a sum is exact or there is none.</summary>
internal sealed class Sum<T, TNumber>(Func<T, TNumber?> selector) : Column<T>
    where TNumber : struct, INumber<TNumber>
{
    private TNumber[] _values = [];
    private TNumber _pending;

    public TNumber this[int slot] => _values[slot];

    public override void Evaluate(in T record) => _pending = selector(record) ?? TNumber.Zero;

    public override bool MayRefuse => true;

    public override void Prepare(int slot) => _pending = checked(_values[slot] + _pending);

    public override void Commit(int slot) => _values[slot] = _pending;

    public override void Grow(int capacity) => Array.Resize(ref _values, capacity);

    public override void Clear(int slot) => _values[slot] = TNumber.Zero;

    public override void Merge(int slot, Column other, int otherSlot) =>
        _values[slot] = checked(_values[slot] + ((Sum<T, TNumber>)other)._values[otherSlot]);

    public override void Write(StateWriter writer, int slot) => StateCodec<TNumber>.Write(writer, _values[slot]);

    public override void Read(ref StateReader reader, int slot) => _values[slot] = StateCodec<TNumber>.Read(ref reader);

    public override Column CreateEmpty() => new Sum<T, TNumber>(selector);
}

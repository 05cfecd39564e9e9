using StreamJobs.State;

namespace StreamJobs.Columns;

/// <summary>An aggregate that an application wrote itself.</summary>
internal sealed class Folded<T, TState, TValue>(IAggregator<T, TState, TValue> aggregator) : Column<T>
{
    private TState[] _states = [];
    private int _size;
    private T _record = default!;
    private TState _next = default!;

    public TValue this[int slot] => aggregator.Result(_states[slot]);

    public override bool MayRefuse => true;

    public override void Evaluate(in T record) => _record = record;

    public override void Prepare(int slot) => _next = aggregator.Add(_states[slot], _record);

    public override void Commit(int slot) => _states[slot] = _next;

    public override void Grow(int capacity)
    {
        Array.Resize(ref _states, capacity);
        for (; _size < capacity; _size++)
            _states[_size] = aggregator.Initial;
    }

    public override void Clear(int slot) => _states[slot] = aggregator.Initial;

    public override void Merge(int slot, Column other, int otherSlot) =>
        _states[slot] = aggregator.Merge(_states[slot], ((Folded<T, TState, TValue>)other)._states[otherSlot]);

    public override void Write(StateWriter writer, int slot) => StateCodec<TState>.Write(writer, _states[slot]);

    public override void Read(ref StateReader reader, int slot) => _states[slot] = StateCodec<TState>.Read(ref reader);

    public override Column CreateEmpty() => new Folded<T, TState, TValue>(aggregator);
}

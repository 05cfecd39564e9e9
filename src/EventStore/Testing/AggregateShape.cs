using System.Text.Json;
using EventStore.Aggregates;

namespace EventStore.Testing;

/// <summary>
/// An aggregate whose record and event types are found at run time: C# does not infer them when a test names only the state.
/// </summary>
internal abstract class AggregateShape<TState>
    where TState : class
{
    public static AggregateShape<TState> Instance { get; } = Create();

    public abstract TState Initial { get; }

    public abstract Decided Decide(TState state, object record);

    public abstract TState Fold(TState state, IEnumerable<object> events);

    private static AggregateShape<TState> Create()
    {
        var aggregate = Array.Find(typeof(TState).GetInterfaces(), i =>
            i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IAggregate<,,>) && i.GetGenericArguments()[0] == typeof(TState));
        return aggregate is null ? new NotAnAggregate<TState>()
            : (AggregateShape<TState>)Activator.CreateInstance(typeof(AggregateShape<,,>).MakeGenericType(aggregate.GetGenericArguments()))!;
    }
}

internal sealed class NotAnAggregate<TState> : AggregateShape<TState>
    where TState : class
{
    public override TState Initial => throw new ScenarioException($"{typeof(TState)} does not implement IAggregate<{typeof(TState).Name}, TRecord, TEvent>.");

    public override Decided Decide(TState state, object record) => throw new NotSupportedException();

    public override TState Fold(TState state, IEnumerable<object> events) => throw new NotSupportedException();
}

internal sealed class AggregateShape<TState, TRecord, TEvent> : AggregateShape<TState>
    where TState : class, IAggregate<TState, TRecord, TEvent>
    where TRecord : class
    where TEvent : class
{
    public override TState Initial => TState.Initial;

    public override Decided Decide(TState state, object record) => Decided.From(TState.Decide(state, record as TRecord
        ?? throw new ScenarioException($"{typeof(TState).Name} takes {typeof(TRecord).Name} records, not a {record?.GetType().Name ?? "null"}.")));

    public override TState Fold(TState state, IEnumerable<object> events) => events.Aggregate(state, (current, e) =>
        TState.Apply(current, Stored(e as TEvent
            ?? throw new ScenarioException($"{typeof(TState).Name} knows {typeof(TEvent).Name} events, not a {e?.GetType().Name ?? "null"}."))));

    /// <summary>The event as it comes back from the store, so that one that JSON does not keep is found here and not in production.</summary>
    private static TEvent Stored(TEvent @event)
    {
        try
        {
            _ = EventTypes.NameOf(@event.GetType());
            var json = JsonSerializer.Serialize(@event, @event.GetType(), EventJson.Options);
            var back = (TEvent)JsonSerializer.Deserialize(json, @event.GetType(), EventJson.Options)!;
            var again = JsonSerializer.Serialize(back, back.GetType(), EventJson.Options);
            return again == json ? back
                : throw new ScenarioException($"{@event.GetType().Name} does not come back from JSON as it went in.\n  in:  {json}\n  out: {again}");
        }
        catch (Exception e) when (e is InvalidOperationException or JsonException or NotSupportedException)
        {
            throw new ScenarioException($"{@event.GetType().Name} cannot be stored: {e.Message}", e);
        }
    }
}

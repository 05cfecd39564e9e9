using EventPlatform.Intake;
using EventStore.Aggregates;

namespace EventPlatform.Tests;

/// <summary>An aggregate that fails on what it does not expect, and a topic whose functions do.</summary>
public sealed record Picky(bool Open) : IAggregate<Picky, OrderRecord, IOrderEvent>
{
    /// <summary>A record's reason with which the topic's function of this name fails on it: <c>key</c>, <c>eventId</c> or <c>time</c>.</summary>
    private const string Fails = "fail in ";

    public static Picky Initial => new(false);

    public static Decision<IOrderEvent> Decide(Picky s, OrderRecord r) => r.Type switch
    {
        OrderType.Place when !s.Open => new OrderPlaced(r.OrderId, r.Amount, r.At),
        OrderType.Cancel when s.Open => new OrderCancelled(r.OrderId, r.Reason ?? ""),
        OrderType.Cancel => throw new InvalidOperationException("nothing to cancel"),
        _ => Decision.Ignore("already so"),
    };

    public static Picky Apply(Picky s, IOrderEvent e) => new(e is OrderPlaced);

    public static string FailIn(string function) => Fails + function;

    public static void Define(PlatformBuilder platform) => platform
        .Topic<OrderRecord>("orders", key: r => Of("key", r).OrderId, eventId: r => Of("eventId", r).EventId, time: r => Of("time", r).At)
        .Aggregate<PickyGrain>(from: "orders")
        .Projection<OrdersByDay>();

    private static OrderRecord Of(string function, OrderRecord record) =>
        record.Reason == FailIn(function) ? throw new FormatException($"the {function} is odd") : record;
}

public interface IPickyGrain : IGrainWithStringKey;

/// <summary>Its name is so long that a key within the limits can still make a stream's key that is not.</summary>
[AggregateName("picky-with-a-name-that-leaves-little-of-the-length-of-a-stream")]
public sealed class PickyGrain : EventSourcedGrain<Picky, OrderRecord, IOrderEvent>, IPickyGrain;

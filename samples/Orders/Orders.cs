using EventPlatform;
using EventPlatform.Intake;
using EventStore.Aggregates;
using EventStore.Projections;

namespace OrderSample;

public enum OrderType { Place, Cancel }

public sealed record OrderRecord                                    // schemas/order.avsc in C#
{
    public required string EventId { get; init; }
    public required string OrderId { get; init; }
    public required OrderType Type { get; init; }
    public decimal Amount { get; init; }
    public string? Reason { get; init; }
    public required DateTimeOffset At { get; init; }
}

public interface IOrderEvent;

[EventName("order-placed")] public sealed record OrderPlaced(string OrderId, decimal Amount, DateTimeOffset At) : IOrderEvent;

[EventName("order-cancelled")] public sealed record OrderCancelled(string OrderId, string Reason) : IOrderEvent;

public sealed record Order(decimal Amount, bool Open) : IAggregate<Order, OrderRecord, IOrderEvent>
{
    public static Order Initial => new(0, false);

    public static Decision<IOrderEvent> Decide(Order s, OrderRecord r) => r.Type switch
    {
        OrderType.Place when !s.Open => new OrderPlaced(r.OrderId, r.Amount, r.At),
        OrderType.Cancel when s.Open => new OrderCancelled(r.OrderId, r.Reason ?? ""),
        _ => Decision.Ignore("already so"),
    };

    public static Order Apply(Order s, IOrderEvent e) => e switch
    {
        OrderPlaced p => new(p.Amount, true),
        OrderCancelled => s with { Open = false },
        _ => s,
    };
}

[GenerateSerializer] public sealed record OrderView([property: Id(0)] decimal Amount, [property: Id(1)] bool Open);

public interface IOrderGrain : IGrainWithStringKey
{
    Task<OrderView> Get();

    Task<Receipt> Cancel(CommandId id, string why);
}

public sealed class OrderGrain : EventSourcedGrain<Order, OrderRecord, IOrderEvent>, IOrderGrain
{
    public async Task<OrderView> Get()
    {
        await LoadAsync();
        return new(State.Amount, State.Open);
    }

    public Task<Receipt> Cancel(CommandId id, string why) => Execute(id, s => s.Open ? new OrderCancelled(Key, why) : Decision.Reject("not open"));
}

public sealed record OrdersOnDay(int Count, decimal Total) : IDocument<OrdersOnDay>
{
    public static OrdersOnDay Initial => new(0, 0);
}

public sealed class OrdersByDay : Projection<OrdersOnDay, DateOnly>
{
    public OrdersByDay()
        : base("orders-by-day", version: 1)
    {
        OrderIndependent = true;
        On<OrderPlaced>(key: e => DateOnly.FromDateTime(e.At.UtcDateTime), apply: (doc, e) => new(doc.Count + 1, doc.Total + e.Amount));
    }
}

public static class Orders
{
    public static void Define(PlatformBuilder platform) => platform
        .Topic<OrderRecord>("orders", key: r => r.OrderId, eventId: r => r.EventId, time: r => r.At)
        .Aggregate<OrderGrain>(from: "orders")
        .Projection<OrdersByDay>();
}

using EventStore.Aggregates;
using EventStore.Testing;
using static EventStore.Testing.Scenario;

namespace EventStore.Tests.Testing;

public interface IOrderEvent;

[EventName("order-placed")]
public sealed record OrderPlaced(string OrderId, decimal Amount) : IOrderEvent;

[EventName("order-cancelled")]
public sealed record OrderCancelled(string OrderId, string Reason) : IOrderEvent;

public sealed record Unnamed : IOrderEvent;

public enum OrderType
{
    Place,
    Cancel,
    Replace,
    Lose,
}

public sealed record OrderRecord(string OrderId, OrderType Type, decimal Amount = 0, string? Reason = null);

public static class Records
{
    public static OrderRecord Place(string id, decimal amount) => new(id, OrderType.Place, amount);

    public static OrderRecord Cancel(string id) => new(id, OrderType.Cancel);
}

public sealed record Order(decimal Amount, bool Open) : IAggregate<Order, OrderRecord, IOrderEvent>
{
    public static Order Initial => new(0, false);

    public static Decision<IOrderEvent> Decide(Order s, OrderRecord r) => r.Type switch
    {
        OrderType.Place when r.Amount < 0 => Decision.Reject("less than nothing"),
        OrderType.Place when !s.Open => new OrderPlaced(r.OrderId, r.Amount),
        OrderType.Cancel when s.Open => new OrderCancelled(r.OrderId, r.Reason ?? ""),
        OrderType.Replace when s.Open => new IOrderEvent[] { new OrderCancelled(r.OrderId, "replaced"), new OrderPlaced(r.OrderId, r.Amount) },
        OrderType.Lose => throw new FormatException("lost"),
        _ => Decision.Ignore("already so"),
    };

    public static Order Apply(Order s, IOrderEvent e) => e switch
    {
        OrderPlaced p => s with { Amount = p.Amount, Open = true },
        OrderCancelled => s with { Open = false },
        _ => s,
    };
}

public sealed class ScenarioTests
{
    [Fact]
    public void A_scenario_reads_as_the_design_promises() =>
        Given<Order>(new OrderPlaced("1", 9m), new OrderCancelled("1", "late")).When(Records.Cancel("1")).ThenNothing();

    [Fact]
    public void Events_state_reasons_and_errors_can_all_be_expected()
    {
        Given<Order>().When(Records.Place("1", 9m)).Then(new OrderPlaced("1", 9m)).ThenState(new Order(9m, true));
        Given<Order>(new OrderPlaced("1", 9m)).When(new OrderRecord("1", OrderType.Replace, 7m))
            .Then(new OrderCancelled("1", "replaced"), new OrderPlaced("1", 7m));
        Given<Order>().When(Records.Cancel("1")).ThenIgnored("already so");
        Given<Order>().When(Records.Place("1", -1m)).ThenRejected().ThenRejected("less than nothing").ThenNothing();
        Given<Order>().When(new OrderRecord("1", OrderType.Lose)).ThenFails<FormatException>();
        Given<Order>().When(Records.Place("1", 9m)).When(Records.Cancel("1")).Then(new OrderCancelled("1", ""));
        Given<Order>(new OrderPlaced("1", 9m)).When<IOrderEvent>(_ => new OrderCancelled("1", "why")).Then(new OrderCancelled("1", "why"));
    }

    [Fact]
    public void A_failure_shows_both_sides_as_JSON()
    {
        var e = Assert.Throws<ScenarioException>(() => Given<Order>().When(Records.Place("1", 9m)).Then(new OrderPlaced("1", 8m)));

        Assert.Equal("""
            Expected these events
              OrderPlaced {"orderId":"1","amount":8}
            but the aggregate decided
              OrderPlaced {"orderId":"1","amount":9}
            """, e.Message);
    }

    [Fact]
    public void A_failure_shows_the_state_as_JSON()
    {
        var e = Assert.Throws<ScenarioException>(() => Given<Order>().When(Records.Place("1", 9m)).ThenState(new Order(9m, false)));

        Assert.Equal("""
            Expected the state
              {"amount":9,"open":false}
            but it is
              {"amount":9,"open":true}
            """, e.Message);
    }

    public static TheoryData<Action> ExpectationsThatDoNotHold => new(
        () => Given<Order>().When(Records.Cancel("1")).Then(new OrderCancelled("1", "")),
        () => Given<Order>().When(Records.Place("1", 9m)).Then(),
        () => Given<Order>().When(Records.Place("1", 9m)).Then(new OrderPlaced("1", 9m), new OrderPlaced("1", 9m)),
        () => Given<Order>().When(Records.Place("1", 9m)).ThenNothing(),
        () => Given<Order>().When(Records.Place("1", 9m)).ThenIgnored(),
        () => Given<Order>().When(Records.Cancel("1")).ThenIgnored("another reason"),
        () => Given<Order>().When(Records.Cancel("1")).ThenRejected(),
        () => Given<Order>().When(Records.Place("1", -1m)).ThenIgnored(),
        () => Given<Order>().When(Records.Place("1", -1m)).ThenRejected("another reason"),
        () => Given<Order>().When(Records.Cancel("1")).ThenFails<FormatException>(),
        () => Given<Order>().When(new OrderRecord("1", OrderType.Lose)).ThenFails<InvalidCastException>(),
        () => Given<Order>().When(new OrderRecord("1", OrderType.Lose)).ThenNothing(),
        () => Given<Order>().When(new OrderRecord("1", OrderType.Lose)).ThenIgnored(),
        () => Given<Order>().When(new OrderRecord("1", OrderType.Lose)).ThenState(Order.Initial));

    [Theory]
    [MemberData(nameof(ExpectationsThatDoNotHold), DisableDiscoveryEnumeration = true)]
    public void An_expectation_that_does_not_hold_throws(Action scenario) => Assert.Throws<ScenarioException>(scenario);

    [Fact]
    public void A_scenario_that_makes_no_sense_says_why()
    {
        Says("String does not implement IAggregate", () => Given<string>());
        Says("Order takes OrderRecord records, not a String", () => Given<Order>().When("a record"));
        Says("Order knows IOrderEvent events, not a String", () => Given<Order>("an event"));
        Says("Unnamed cannot be stored", () => Given<Order>(new Unnamed()));

        static void Says(string what, Action scenario) =>
            Assert.Contains(what, Assert.Throws<ScenarioException>(scenario).Message, StringComparison.Ordinal);
    }
}

using StreamJobs;

namespace EventPlatform.Tests;

/// <summary>What jobs read of an order.</summary>
public readonly record struct OrderFacts
{
    public string OrderId { get; init; }

    public string Type { get; init; }

    public decimal Amount { get; init; }

    public DateTimeOffset At { get; init; }
}

/// <summary>A record of the topic that <see cref="OrderJobs.PerHour"/> writes.</summary>
public sealed record OrderCount
{
    public required string Type { get; init; }

    public required DateTimeOffset Hour { get; init; }

    public required long Count { get; init; }
}

/// <summary>Jobs over the example's topic: one whose keys are spread over partitions, one by the record's key that fails on some records, and one by the clock.</summary>
public static class OrderJobs
{
    public const string CountSchema = """
        {"type":"record","name":"OrderCount","fields":[
          {"name":"type","type":"string"},
          {"name":"hour","type":{"type":"long","logicalType":"timestamp-millis"}},
          {"name":"count","type":"long"}]}
        """;

    public static readonly Job PerHour = Orders("orders-per-hour").KeyBy(o => o.Type).Window(Tumbling.Of(1.Hours()))
        .Aggregate(a => new { c = a.Count(), total = a.Sum(o => (decimal?)o.Amount) })
        .ToTopic("order-counts", r => new OrderCount { Type = r.Key, Hour = r.Start, Count = r.Value.c })
        .ToLake();

    public static readonly Job PerOrder = Orders("per-order").KeyByRecordKey(o => o.OrderId).Window(Tumbling.Of(1.Days()))
        .Aggregate(a => new { c = a.Count(o => IsCountable(o)) });

    public static readonly Job PerSecond = Job.Named("orders-per-second").From<OrderFacts>("orders").ByArrival().KeyByNothing().Window(Tumbling.Of(1.Seconds()))
        .Aggregate(a => new { c = a.Count() });

    /// <summary>Cancelled orders with the placed ones of the same amount within the half hour around: the topic joined with itself, by what it is not partitioned by.</summary>
    public static readonly Job Pairs = Orders("order-pairs").Where(o => o.Type == "PLACE").KeyBy(AmountOf)
        .Join(other => other.From<OrderFacts>("orders").Watermark(o => o.At, 1.Minutes()).Where(o => o.Type == "CANCEL").KeyBy(AmountOf), -30.Minutes(), 30.Minutes(), 1.Hours())
        .Select((placed, cancelled) => new { placed = placed.At, cancelled = cancelled.At });

    /// <summary>An application with the jobs.</summary>
    public static void Define(PlatformBuilder platform, Action<PlatformBuilder> rest)
    {
        rest(platform);
        platform.Job(PerHour).Job(PerOrder).Job(PerSecond);
    }

    private static string AmountOf(OrderFacts order) => order.Amount.ToString("0", System.Globalization.CultureInfo.InvariantCulture);

    private static bool IsCountable(OrderFacts order) => order.Amount == 13 ? throw new InvalidOperationException("thirteen") : true;

    private static JobStream<OrderFacts, OrderFacts> Orders(string name) =>
        Job.Named(name).From<OrderFacts>("orders").Watermark(o => o.At, 1.Minutes());
}

using Contracts;
using SchemaRegistry;

namespace Grains.Jobs;

/// <summary>What the shop's jobs read of a user event: no more than they name, so that the rest is skipped.</summary>
public readonly record struct ShopEvent
{
    /// <summary>Whose event it is: the record's key.</summary>
    public string UserId { get; init; }

    /// <summary>The visit; none for an anonymous visitor.</summary>
    public string? SessionId { get; init; }

    /// <summary>What happened, as the schema's symbol: <c>PAGE_VIEW</c>, <c>PURCHASE</c>, ...</summary>
    public string EventType { get; init; }

    /// <summary>When it happened.</summary>
    public DateTimeOffset Timestamp { get; init; }

    /// <summary>The page that was viewed.</summary>
    public string? PageUrl { get; init; }

    /// <summary>The device, as the schema's symbol.</summary>
    public string? DeviceType { get; init; }

    /// <summary>What a purchase cost; none where it is beyond what money may be, which would overflow every sum.</summary>
    [AvroMapEntry("properties", "amount")]
    public decimal? Amount
    {
        get;
        init => field = value is > Money.Max or < -Money.Max ? null : value;
    }

    /// <summary>What was searched for.</summary>
    [AvroMapEntry("properties", "query")]
    public string? Query { get; init; }

    /// <summary>How much a search found.</summary>
    [AvroMapEntry("properties", "results_count")]
    public long? ResultsCount { get; init; }
}

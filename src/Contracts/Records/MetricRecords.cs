namespace Contracts.Records;

/// <summary>A record of the topic <c>event-counts</c>: <c>schemas/event_count.avsc</c> in C#.</summary>
public sealed record EventCount
{
    public required string EventType { get; init; }

    public required DateTimeOffset WindowStart { get; init; }

    public required DateTimeOffset WindowEnd { get; init; }

    public required long Events { get; init; }

    public int Revision { get; init; }
}

/// <summary>A record of the topic <c>user-activity</c>: <c>schemas/user_activity.avsc</c> in C#.</summary>
public sealed record UserActivity
{
    public required string UserId { get; init; }

    public required DateTimeOffset WindowStart { get; init; }

    public required DateTimeOffset WindowEnd { get; init; }

    public required long Events { get; init; }

    public required long Sessions { get; init; }

    public int Revision { get; init; }
}

/// <summary>A record of the topic <c>revenue-metrics</c>: <c>schemas/revenue_metric.avsc</c> in C#.</summary>
public sealed record RevenueMetric
{
    public required DateTimeOffset WindowStart { get; init; }

    public required DateTimeOffset WindowEnd { get; init; }

    public required decimal Total { get; init; }

    public required long Orders { get; init; }

    public int Revision { get; init; }
}

namespace EventPlatform.Publishing;

/// <summary>A committed event as other services read it. Kafka key: the entity.</summary>
public sealed record DomainEvent
{
    /// <summary>The event's id, which a consumer that reads it twice knows it by.</summary>
    public required string EventId { get; init; }

    /// <summary>Whose event it is: the aggregate's key.</summary>
    public required string Entity { get; init; }

    /// <summary>Its place in the entity's stream: 1, 2, 3, ...</summary>
    public required long Version { get; init; }

    /// <summary>The event's stable name, e.g. <c>account-deposited</c>.</summary>
    public required string Type { get; init; }

    /// <summary>When it happened, by its own account.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The event as it is stored: JSON.</summary>
    public required string Data { get; init; }
}

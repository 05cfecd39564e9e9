namespace Grains.Jobs;

/// <summary>What the shop's jobs read of an account's domain event.</summary>
public readonly record struct AccountFact
{
    /// <summary>Whose event it is: the record's key.</summary>
    public string Entity { get; init; }

    /// <summary>What happened, by the event's stable name.</summary>
    public string Type { get; init; }

    /// <summary>When it happened.</summary>
    public DateTimeOffset Timestamp { get; init; }
}

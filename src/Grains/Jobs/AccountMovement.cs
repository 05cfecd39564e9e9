namespace Grains.Jobs;

/// <summary>What the shop's jobs read of a transaction.</summary>
public readonly record struct AccountMovement
{
    /// <summary>The account: the record's key.</summary>
    public string AccountId { get; init; }

    /// <summary>Whose account it is.</summary>
    public string UserId { get; init; }

    /// <summary>How the money moves, as the schema's symbol: <c>PAYMENT</c>, <c>REFUND</c>, ...</summary>
    public string Type { get; init; }

    /// <summary>How much.</summary>
    public decimal Amount { get; init; }

    /// <summary>ISO 4217.</summary>
    public string Currency { get; init; }

    /// <summary>When it happened.</summary>
    public DateTimeOffset Timestamp { get; init; }
}

/// <summary>A purchase.</summary>
/// <param name="UserId">Who bought.</param>
/// <param name="At">When.</param>
/// <param name="Amount">What it cost.</param>
public sealed record Bought(string UserId, DateTimeOffset At, decimal Amount);

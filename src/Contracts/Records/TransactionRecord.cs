namespace Contracts.Records;

/// <summary>A record of the topic <c>transactions</c>: <c>schemas/transaction_event.avsc</c> in C#; a test holds them together.</summary>
public sealed record TransactionRecord
{
    public required string EventId { get; init; }

    /// <summary>For a transfer, the transfer's id.</summary>
    public required string TransactionId { get; init; }

    /// <summary>For a transfer, the account that the money leaves.</summary>
    public required string AccountId { get; init; }

    public required string UserId { get; init; }

    public required TransactionType Type { get; init; }

    public required decimal Amount { get; init; }

    /// <summary>ISO 4217.</summary>
    public required string Currency { get; init; }

    /// <summary>For a transfer, the account that the money goes to.</summary>
    public string? CounterpartyAccountId { get; init; }

    public required DateTimeOffset Timestamp { get; init; }

    public required EventMetadata Metadata { get; init; }
}

/// <summary>How the money moves.</summary>
public enum TransactionType { Deposit, Withdrawal, Payment, Refund, Transfer }

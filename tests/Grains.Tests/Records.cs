using Contracts.Records;

namespace Grains.Tests;

/// <summary>Records for scenarios, at a fixed time.</summary>
internal static class Records
{
    public static readonly DateTimeOffset At = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public static UserRecord UserEvent(EventType type, string? session = "s1", params (string Name, string Value)[] properties) => new()
    {
        EventId = Guid.NewGuid().ToString(),
        UserId = "u",
        SessionId = session,
        EventType = type,
        Timestamp = At,
        PageUrl = "/p",
        Properties = properties.ToDictionary(p => p.Name, p => p.Value),
        Metadata = new EventMetadata { ProducerId = "test" },
    };

    public static TransactionRecord Transaction(TransactionType type, decimal amount, string currency = "EUR", string id = "t1", string? to = null) => new()
    {
        EventId = Guid.NewGuid().ToString(),
        TransactionId = id,
        AccountId = "a",
        UserId = "u",
        Type = type,
        Amount = amount,
        Currency = currency,
        CounterpartyAccountId = to,
        Timestamp = At,
        Metadata = new EventMetadata { ProducerId = "test" },
    };
}

using System.Globalization;
using Contracts.Records;
using Environment = Contracts.Records.Environment;

namespace Producer.Generation;

/// <summary>
/// The shop's life as records: users log in, look around, search, fill carts and buy; money moves between accounts. Everything follows from
/// the seed and the start, so that two runs with the same give the same records.
/// </summary>
internal sealed class ShopGenerator(int seed, DateTimeOffset start, double recordsPerSecond, int users, int transactionsPerMille, int latePerMille)
{
    private static readonly EventMetadata Metadata = new() { ProducerId = "producer", Environment = Environment.Development };
    private static readonly string[] Currencies = ["EUR", "USD", "GBP"];
    private static readonly string[] Agents = ["Firefox/140", "Chrome/150", "Safari/19"];
    private static readonly TimeSpan Lateness = TimeSpan.FromSeconds(120);
    private static readonly Dictionary<string, string> NoProperties = [];

    private readonly Random _random = new(seed);
    private readonly int[] _sessions = new int[users];
    private long _count;

    /// <summary>The next record: a <see cref="UserRecord"/> or a <see cref="TransactionRecord"/>.</summary>
    public object Next()
    {
        var at = start + TimeSpan.FromSeconds(_count++ / recordsPerSecond);
        if (_random.Next(1000) < latePerMille)
            at -= Lateness;
        // To the millisecond: finer is not kept on the wire.
        at = DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds());
        return _random.Next(1000) < transactionsPerMille ? Transaction(at) : UserEvent(at);
    }

    private UserRecord UserEvent(DateTimeOffset at)
    {
        var user = _random.Next(users);
        var type = _random.Next(100) switch
        {
            < 50 => EventType.PageView,
            < 65 => EventType.Click,
            < 75 => EventType.Search,
            < 84 => EventType.AddToCart,
            < 88 => EventType.Purchase,
            < 93 => EventType.Login,
            < 97 => EventType.Logout,
            _ => EventType.Registration,
        };
        if (type == EventType.Login)
            _sessions[user]++;
        var product = _random.Next(200);
        return new UserRecord
        {
            EventId = Id(),
            UserId = $"user-{user}",
            SessionId = $"session-{user}-{_sessions[user]}",
            EventType = type,
            Timestamp = at,
            PageUrl = type is EventType.PageView or EventType.Click or EventType.AddToCart ? $"/products/{product}" : null,
            UserAgent = Agents[user % Agents.Length],
            DeviceType = (DeviceType)(user % 4),
            Properties = Properties(type, user, product),
            Metadata = Metadata,
        };
    }

    private Dictionary<string, string> Properties(EventType type, int user, int product) => type switch
    {
        EventType.Purchase => new()
        {
            ["amount"] = Cents(100, 50_000).ToString(CultureInfo.InvariantCulture), ["currency"] = Currencies[user % Currencies.Length],
        },
        EventType.Search => new() { ["query"] = $"query {_random.Next(200)}", ["results_count"] = _random.Next(100).ToString(CultureInfo.InvariantCulture) },
        EventType.AddToCart => new() { ["item"] = $"product-{product}" },
        EventType.Registration => new() { ["name"] = $"User {user}", ["email"] = $"user-{user}@example.com" },
        _ => NoProperties,
    };

    private TransactionRecord Transaction(DateTimeOffset at)
    {
        var account = _random.Next(users);
        var type = _random.Next(100) switch
        {
            < 45 => TransactionType.Deposit,
            < 62 => TransactionType.Withdrawal,
            < 82 => TransactionType.Payment,
            < 86 => TransactionType.Refund,
            _ => TransactionType.Transfer,
        };
        // The same remainder is the same currency; now and then another one, and the receiver cannot take it.
        var counterparty = account % Currencies.Length + Currencies.Length * _random.Next(users / Currencies.Length);
        if (_random.Next(50) == 0)
            counterparty = (counterparty + 1) % users;
        return new TransactionRecord
        {
            EventId = Id(),
            TransactionId = Id(),
            AccountId = $"acc-{account}",
            UserId = $"user-{account}",
            Type = type,
            Amount = type == TransactionType.Deposit ? Cents(1_000, 100_000) : Cents(100, 40_000),
            Currency = Currencies[account % Currencies.Length],
            CounterpartyAccountId = type == TransactionType.Transfer ? $"acc-{counterparty}" : null,
            Timestamp = at,
            Metadata = Metadata,
        };
    }

    private decimal Cents(int least, int most) => new(_random.Next(least, most), 0, 0, false, 2);

    private string Id()
    {
        Span<byte> bytes = stackalloc byte[16];
        _random.NextBytes(bytes);
        return new Guid(bytes).ToString();
    }
}

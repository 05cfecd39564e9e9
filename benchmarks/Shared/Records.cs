using System.Globalization;
using Contracts.Records;
using Environment = Contracts.Records.Environment;

namespace Shared;

/// <summary>Records as a shop's users make them, in the shares that a shop sees.</summary>
public static class Records
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly EventMetadata Metadata = new() { ProducerId = "benchmark", Environment = Environment.Development };
    private static readonly Dictionary<string, string> NoProperties = [];

    /// <summary>A record of a user.</summary>
    public static UserRecord Next(Random random, int user, DateTimeOffset at)
    {
        var type = random.Next(100) switch
        {
            < 45 => EventType.PageView,
            < 70 => EventType.Click,
            < 76 => EventType.Purchase,
            < 86 => EventType.AddToCart,
            < 94 => EventType.Search,
            < 97 => EventType.Login,
            < 99 => EventType.Logout,
            _ => EventType.Registration,
        };
        return new()
        {
            EventId = new Guid(random.Next(), (short)random.Next(), (short)random.Next(), BitConverter.GetBytes(random.NextInt64())).ToString(),
            UserId = string.Create(CultureInfo.InvariantCulture, $"user-{user}"),

            // One in twenty has none; the others' last ten minutes.
            SessionId = random.Next(20) == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"session-{user}-{(at - Start).Ticks / (10 * TimeSpan.TicksPerMinute)}"),
            EventType = type,
            Timestamp = at,
            PageUrl = type == EventType.PageView ? string.Create(CultureInfo.InvariantCulture, $"/product/{random.Next(500)}") : null,
            UserAgent = "Mozilla/5.0 (X11; Linux x86_64)",
            IpAddress = string.Create(CultureInfo.InvariantCulture, $"10.{random.Next(256)}.{random.Next(256)}.{random.Next(256)}"),
            DeviceType = random.Next(10) == 0 ? null : (DeviceType)random.Next(4),
            Properties = type switch
            {
                EventType.Purchase => new() { ["amount"] = (random.Next(100, 50_100) / 100m).ToString("0.00", CultureInfo.InvariantCulture) },
                EventType.Search => new()
                {
                    ["query"] = string.Create(CultureInfo.InvariantCulture, $"q{random.Next(200)}"),
                    ["results_count"] = random.Next(100).ToString(CultureInfo.InvariantCulture),
                },
                _ => NoProperties,
            },
            Metadata = Metadata,
        };
    }
}

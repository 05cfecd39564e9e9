using System.Globalization;
using Contracts.Records;
using Environment = Contracts.Records.Environment;

namespace Producer.Generation;

/// <summary>The shop's users: they register, log in, look around, search, fill carts, buy them and log out. Some come more often than others.</summary>
internal sealed class Visitors
{
    public static readonly EventMetadata Metadata = new() { ProducerId = "producer", Environment = Environment.Development };
    public static readonly string[] Currencies = ["EUR", "USD", "GBP"];

    private const int Products = 200;
    private const int FewestCartCents = 100;
    private static readonly string[] Agents = ["Firefox/140", "Chrome/150", "Safari/19"];
    private static readonly Dictionary<string, string> NoProperties = [];

    private readonly Visitor[] _visitors;

    // The history begins in the middle of the shop's life: nine of ten are members, every other one of these is there.
    public Visitors(int count) =>
        _visitors = [.. Enumerable.Range(0, count).Select(user => new Visitor { Registered = user % 10 != 9, Online = user % 10 != 9 && user % 2 == 0 })];

    public UserRecord Next(Choices choices, DateTimeOffset at)
    {
        var user = choices.FavouringSmall(_visitors.Length);
        ref var visitor = ref _visitors[user];
        var product = choices.Below(Products);
        var type = visitor.Next(choices.Below(100));
        var record = new UserRecord
        {
            EventId = choices.Id(),
            UserId = $"user-{user}",
            SessionId = type == EventType.Registration ? null : $"session-{user}-{visitor.Session + (type == EventType.Login ? 1 : 0)}",
            EventType = type,
            Timestamp = at,
            PageUrl = type is EventType.PageView or EventType.Click or EventType.AddToCart ? $"/products/{product}" : null,
            UserAgent = Agents[user % Agents.Length],
            DeviceType = (DeviceType)(user % 4),
            Properties = Properties(choices, type, user, product, visitor.CartCents),
            Metadata = Metadata,
        };
        visitor.After(type, PriceInCents(product));
        return record;
    }

    private static int PriceInCents(int product) => FewestCartCents + product * 137 % 9_900;

    private static Dictionary<string, string> Properties(Choices choices, EventType type, int user, int product, int cartCents) => type switch
    {
        EventType.Purchase => new() { ["amount"] = Text(Choices.Cents(cartCents)), ["currency"] = Currencies[user % Currencies.Length] },
        EventType.Search => new() { ["query"] = $"query {choices.Below(Products)}", ["results_count"] = Text(choices.Below(100)) },
        EventType.AddToCart => new() { ["item"] = $"product-{product}", ["price"] = Text(Choices.Cents(PriceInCents(product))) },
        EventType.Registration => new() { ["name"] = $"User {user}", ["email"] = $"user-{user}@example.com" },
        _ => NoProperties,
    };

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);

    private struct Visitor
    {
        public bool Registered;
        public bool Online;
        public int Session;
        public int CartCents;

        public readonly EventType Next(int dice) =>
            !Registered ? EventType.Registration
            : !Online ? EventType.Login
            : dice switch
            {
                < 50 => EventType.PageView,
                < 66 => EventType.Click,
                < 78 => EventType.Search,
                < 89 => EventType.AddToCart,
                < 95 => CartCents > 0 ? EventType.Purchase : EventType.PageView,
                _ => EventType.Logout,
            };

        public void After(EventType type, int priceInCents)
        {
            Registered = true;
            Online = type switch { EventType.Login => true, EventType.Logout => false, _ => Online };
            Session += type == EventType.Login ? 1 : 0;
            CartCents = type switch { EventType.AddToCart => CartCents + priceInCents, EventType.Purchase => 0, _ => CartCents };
        }
    }
}

using System.Collections.Immutable;
using System.Globalization;
using Contracts;
using Contracts.Records;
using Contracts.Users;
using EventStore.Aggregates;

namespace Grains.Users;

/// <summary>A user of the shop: profile, open sessions, cart and purchases.</summary>
public sealed record User : IAggregate<User, UserRecord, IUserEvent>
{
    /// <summary>More open sessions than this, and the oldest is forgotten: producers lose logouts, and a state must not grow for ever.</summary>
    public const int MaxOpenSessions = 20;

    /// <summary>More different items than this, and the cart takes no new ones until it is bought.</summary>
    public const int MaxCartItems = 200;

    public static User Initial { get; } = new();

    public string? Name { get; init; }

    public string? Email { get; init; }

    public DateTimeOffset FirstSeen { get; init; }

    public DateTimeOffset LastSeen { get; init; }

    /// <summary>The ids of the sessions not yet ended, oldest first.</summary>
    public ImmutableList<string> OpenSessions { get; init; } = [];

    /// <summary>How many of each item.</summary>
    public ImmutableSortedDictionary<string, int> Cart { get; init; } = ImmutableSortedDictionary<string, int>.Empty;

    /// <summary>The sum of all purchases per currency.</summary>
    public ImmutableSortedDictionary<string, decimal> Spent { get; init; } = ImmutableSortedDictionary<string, decimal>.Empty;

    public long Purchases { get; init; }

    public long Events { get; init; }

    public static Decision<IUserEvent> Decide(User state, UserRecord record)
    {
        var (at, session) = (record.Timestamp, record.SessionId);
        return record.EventType switch
        {
            EventType.Registration => new UserRegistered(at, Property(record, "name"), Property(record, "email")),
            EventType.Login when session is null => Decision.Ignore("a login without a session id"),
            EventType.Login when state.OpenSessions.Contains(session) => Decision.Ignore($"session {session} is already open"),
            EventType.Login => new SessionStarted(at, session, record.DeviceType?.ToString()),
            EventType.Logout when session is null || !state.OpenSessions.Contains(session) => Decision.Ignore("no such session is open"),
            EventType.Logout => new SessionEnded(at, session),
            EventType.PageView => new PageViewed(at, session, record.PageUrl),
            EventType.Click => new Clicked(at, session, record.PageUrl),
            EventType.Search => new Searched(at, session, Property(record, "query"), Number(record, "results_count")),
            EventType.AddToCart => new ItemAddedToCart(at, session, Property(record, "item") ?? record.PageUrl ?? "unknown"),
            EventType.Purchase when Amount(record) is > Money.Max or < -Money.Max => Decision.Reject($"the amount {Property(record, "amount")} is beyond what money may be"),
            EventType.Purchase => new PurchaseMade(at, session, Amount(record), Property(record, "currency") ?? "EUR"),
            _ => Decision.Ignore($"nothing to do for {record.EventType}"),
        };
    }

    public static User Apply(User state, IUserEvent @event)
    {
        var seen = state with
        {
            Events = state.Events + 1,
            FirstSeen = state.Events == 0 || @event.At < state.FirstSeen ? @event.At : state.FirstSeen,
            LastSeen = @event.At > state.LastSeen ? @event.At : state.LastSeen,
        };
        return @event switch
        {
            UserRegistered e => seen with { Name = e.Name ?? state.Name, Email = e.Email ?? state.Email },
            UserProfileChanged e => seen with { Name = e.Name ?? state.Name, Email = e.Email ?? state.Email },
            SessionStarted e => seen with { OpenSessions = Opened(state.OpenSessions, e.SessionId) },
            SessionEnded e => seen with { OpenSessions = state.OpenSessions.Remove(e.SessionId) },
            ItemAddedToCart e when state.Cart.ContainsKey(e.Item) || state.Cart.Count < MaxCartItems =>
                seen with { Cart = state.Cart.SetItem(e.Item, state.Cart.GetValueOrDefault(e.Item) + 1) },
            PurchaseMade e => seen with
            {
                Cart = state.Cart.Clear(),
                Purchases = state.Purchases + 1,
                Spent = state.Spent.SetItem(e.Currency, state.Spent.GetValueOrDefault(e.Currency) + e.Amount),
            },
            _ => seen,
        };
    }

    private static ImmutableList<string> Opened(ImmutableList<string> sessions, string id) =>
        (sessions.Count < MaxOpenSessions ? sessions : sessions.RemoveAt(0)).Add(id);

    private static string? Property(UserRecord record, string name) => record.Properties.GetValueOrDefault(name);

    private static int? Number(UserRecord record, string name) =>
        int.TryParse(Property(record, name), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static decimal Amount(UserRecord record) =>
        decimal.TryParse(Property(record, "amount"), NumberStyles.Number, CultureInfo.InvariantCulture, out var amount) ? amount : 0;
}

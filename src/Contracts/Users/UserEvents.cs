using EventStore.Aggregates;

namespace Contracts.Users;

/// <summary>Everything that happens to a user.</summary>
public interface IUserEvent
{
    /// <summary>When it happened, as the record said; never when it was stored.</summary>
    DateTimeOffset At { get; }
}

/// <summary>The user registered, or was first given a name.</summary>
[EventName("user-registered")]
public sealed record UserRegistered(DateTimeOffset At, string? Name, string? Email) : IUserEvent;

/// <summary>The profile was changed by a command.</summary>
[EventName("user-profile-changed")]
public sealed record UserProfileChanged(DateTimeOffset At, string? Name, string? Email) : IUserEvent;

/// <summary>A session began.</summary>
[EventName("user-session-started")]
public sealed record SessionStarted(DateTimeOffset At, string SessionId, string? Device) : IUserEvent;

/// <summary>A session ended.</summary>
[EventName("user-session-ended")]
public sealed record SessionEnded(DateTimeOffset At, string SessionId) : IUserEvent;

/// <summary>A page was viewed.</summary>
[EventName("user-page-viewed")]
public sealed record PageViewed(DateTimeOffset At, string? SessionId, string? Page) : IUserEvent;

/// <summary>Something on a page was clicked.</summary>
[EventName("user-clicked")]
public sealed record Clicked(DateTimeOffset At, string? SessionId, string? Page) : IUserEvent;

/// <summary>The shop was searched.</summary>
[EventName("user-searched")]
public sealed record Searched(DateTimeOffset At, string? SessionId, string? Query, int? Results) : IUserEvent;

/// <summary>An item was put into the cart.</summary>
[EventName("user-item-added-to-cart")]
public sealed record ItemAddedToCart(DateTimeOffset At, string? SessionId, string Item) : IUserEvent;

/// <summary>The cart was bought. An amount that the record did not give, or gave unreadably, is 0.</summary>
[EventName("user-purchase-made")]
public sealed record PurchaseMade(DateTimeOffset At, string? SessionId, decimal Amount, string Currency) : IUserEvent;

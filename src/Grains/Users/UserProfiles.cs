using System.Collections.Immutable;
using Contracts.Users;
using EventStore.Projections;

namespace Grains.Users;

/// <summary>A user, for lists.</summary>
public sealed record UserProfile(
    string? Name, string? Email, DateTimeOffset FirstSeen, DateTimeOffset LastSeen, long Events, long Purchases, ImmutableSortedDictionary<string, decimal> Spent)
    : IDocument<UserProfile>
{
    public static UserProfile Initial { get; } = new(null, null, default, default, 0, 0, ImmutableSortedDictionary<string, decimal>.Empty);
}

/// <summary>A document per user, listed by how active they have been.</summary>
public sealed class UserProfiles : StreamProjection<UserProfile>
{
    public UserProfiles()
        : base("user-profiles", version: 1)
    {
        OrderBy(d => d.Events);
        On<IUserEvent>((doc, e) => doc with
        {
            Events = doc.Events + 1,
            FirstSeen = doc.Events == 0 || e.At < doc.FirstSeen ? e.At : doc.FirstSeen,
            LastSeen = e.At > doc.LastSeen ? e.At : doc.LastSeen,
        });
        On<UserRegistered>((doc, e) => doc with { Name = e.Name ?? doc.Name, Email = e.Email ?? doc.Email });
        On<UserProfileChanged>((doc, e) => doc with { Name = e.Name ?? doc.Name, Email = e.Email ?? doc.Email });
        On<PurchaseMade>((doc, e) => doc with
        {
            Purchases = doc.Purchases + 1,
            Spent = doc.Spent.SetItem(e.Currency, doc.Spent.GetValueOrDefault(e.Currency) + e.Amount),
        });
    }
}

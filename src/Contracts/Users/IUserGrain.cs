using EventStore;
using EventStore.Aggregates;
using Orleans.Concurrency;

namespace Contracts.Users;

/// <summary>One user of the shop; the key is the user's id.</summary>
[Alias("shop.user")]
public interface IUserGrain : IGrainWithStringKey
{
    /// <summary>The user as of the newest committed event, or null when there has been none.</summary>
    [Alias("get")] Task<UserView?> Get();

    /// <summary>The same as soon as it includes a record, or as it is after a while. It does not hold up anything else.</summary>
    [Alias("get-including"), AlwaysInterleave] Task<UserView?> GetIncluding(RecordCoordinates record, TimeSpan atMost);

    /// <summary>Changes the profile. Null leaves a field as it is.</summary>
    [Alias("change-profile")] Task<Receipt> ChangeProfile(CommandId id, string? name, string? email, DateTimeOffset at);
}

/// <summary>A user, as an answer.</summary>
[GenerateSerializer, Immutable, Alias("shop.user-view")]
public sealed record UserView(
    [property: Id(0)] string Id, [property: Id(1)] long Version, [property: Id(2)] IReadOnlyList<RecordCoordinates> Positions,
    [property: Id(3)] string? Name, [property: Id(4)] string? Email, [property: Id(5)] DateTimeOffset FirstSeen, [property: Id(6)] DateTimeOffset LastSeen,
    [property: Id(7)] IReadOnlyList<string> OpenSessions, [property: Id(8)] IReadOnlyDictionary<string, int> Cart,
    [property: Id(9)] IReadOnlyDictionary<string, decimal> Spent, [property: Id(10)] long Purchases, [property: Id(11)] long Events);

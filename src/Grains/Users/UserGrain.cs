using Contracts.Records;
using Contracts.Users;
using EventPlatform.Intake;
using EventStore;
using EventStore.Aggregates;

namespace Grains.Users;

/// <summary>One user: takes the user's records, and commands about the profile.</summary>
public sealed class UserGrain : EventSourcedGrain<User, UserRecord, IUserEvent>, IUserGrain
{
    public async Task<UserView?> Get()
    {
        await LoadAsync();
        return View();
    }

    public async Task<UserView?> GetIncluding(RecordCoordinates record, TimeSpan atMost)
    {
        await WaitForAsync(record, atMost);
        return View();
    }

    public Task<Receipt> ChangeProfile(CommandId id, string? name, string? email, DateTimeOffset at) =>
        Execute(id, s => (name ?? s.Name, email ?? s.Email) == (s.Name, s.Email)
            ? Decision.Ignore("the profile says so already")
            : new UserProfileChanged(at, name, email));

    private UserView? View()
    {
        var s = State;
        return Version == 0 && Positions.Count == 0 ? null : new UserView(
            Key, Version, Positions, s.Name, s.Email, s.FirstSeen, s.LastSeen, s.OpenSessions, s.Cart, s.Spent, s.Purchases, s.Events);
    }
}

using Contracts.Records;
using Contracts.Users;
using Marten;

namespace WolverinePeer;

/// <summary>The records of a batch in one transaction.</summary>
public static class BatchHandler
{
    public static void Handle(UserRecord[] records, IDocumentSession session)
    {
        foreach (var user in records.GroupBy(r => r.UserId))
            session.Events.Append($"user/{user.Key}", [.. user.Select(UserEvents.Of)]);
    }
}

/// <summary>A record in a transaction of its own.</summary>
public static class OneByOneHandler
{
    public static void Handle(UserRecord record, IDocumentSession session) => session.Events.Append($"user/{record.UserId}", UserEvents.Of(record));
}

/// <summary>
/// What a record means. It is less than the shop does, and so in this peer's favour: the user's state isn't asked, so none has to be loaded; each record gives its event.
/// </summary>
internal static class UserEvents
{
    public static object Of(UserRecord record) => record.EventType switch
    {
        EventType.Login => new SessionStarted(record.Timestamp, record.SessionId ?? "", record.DeviceType?.ToString()),
        EventType.Logout => new SessionEnded(record.Timestamp, record.SessionId ?? ""),
        _ => Grains.Users.User.Decide(Grains.Users.User.Initial, record).Events.Single(),
    };
}

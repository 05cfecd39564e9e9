using Contracts.Users;
using EventStore;
using EventStore.Aggregates;
using EventStore.Appending;

namespace Shared;

/// <summary>Appends as the shop's users make them, each event from a record of its own. Not for several threads.</summary>
public sealed class UserAppends
{
    private const int Partitions = 4;
    private static readonly JsonEventSerializer Serializer = new();
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly string _incarnation = Guid.NewGuid().ToString();
    private readonly Dictionary<long, long> _versions = [];
    private long _number;

    /// <summary>The next append of a user.</summary>
    public StreamAppend Next(long user, int events = 1)
    {
        var (key, version) = ($"user/user-{user}", _versions.GetValueOrDefault(user));
        _versions[user] = version + events;
        var made = new EventToAppend[events];
        for (var i = 0; i < events; i++, _number++)
        {
            var at = Start.AddMilliseconds(_number);
            IUserEvent e = _number % 16 == 0
                ? new PurchaseMade(at, $"session-{_number}", _number % 50_000 / 100m, "EUR")
                : new PageViewed(at, $"session-{_number}", $"/product/{_number % 500}");
            made[i] = new(Guid.NewGuid(), EventTypes.NameOf(e.GetType()), Serializer.Serialize(key, e), new(Record(user, _number), null, EventIds.Digest($"{_number}")));
        }

        return new()
        {
            StreamKey = key,
            AggregateName = "user",
            ExpectedVersion = version,
            Events = made,
            Positions = [Record(user, _number - 1)],
        };
    }

    /// <summary>Commits appends together.</summary>
    /// <exception cref="InvalidOperationException">One was refused.</exception>
    public static async Task CommitAsync(IGroupCommit store, IEnumerable<StreamAppend> appends, CancellationToken cancellationToken)
    {
        foreach (var verdict in await Task.WhenAll(appends.Select(append => store.AppendAsync(append, cancellationToken).AsTask())))
        {
            if (verdict is not AppendVerdict.Committed)
                throw new InvalidOperationException($"An append was not committed: {verdict}");
        }
    }

    private RecordCoordinates Record(long user, long number) => new("user-events", _incarnation, (int)(user % Partitions), number);
}

using System.Text.Json;
using Contracts.Users;
using EventStore;
using EventStore.Aggregates;
using EventStore.Appending;

namespace Append;

/// <summary>Appends as the shop's users make them: one event to a stream that does not exist yet, from one record.</summary>
internal static class Load
{
    private static readonly string Incarnation = Guid.NewGuid().ToString();
    private static long _number;

    public static StreamAppend[] Batch(int streams)
    {
        var batch = new StreamAppend[streams];
        for (var i = 0; i < streams; i++)
        {
            var number = _number++;
            var record = new RecordCoordinates("user-events", Incarnation, (int)(number % 4), number / 4);
            var e = new PageViewed(DateTimeOffset.UtcNow, $"session-{number}", $"/product/{number % 500}");
            batch[i] = new()
            {
                StreamKey = $"user/user-{number}",
                AggregateName = "user",
                ExpectedVersion = 0,
                Events = [new(Guid.NewGuid(), EventTypes.NameOf(e.GetType()), JsonSerializer.Serialize(e, JsonSerializerOptions.Web), new(record, null, EventIds.Digest($"{number}")))],
                Positions = [record],
            };
        }

        return batch;
    }
}

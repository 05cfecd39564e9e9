using EventStore.Appending;

namespace EventStore.Aggregates;

/// <summary>What the store takes, for those who decide records without it: what it does not take is a dead letter.</summary>
public static class Storable
{
    /// <summary>Whether an aggregate can have a stream under this key.</summary>
    /// <param name="aggregate">The aggregate's name.</param>
    /// <param name="key">The grain's key.</param>
    public static bool IsKey(string aggregate, string key) => StreamName.Of(aggregate, key).Fault is null;

    /// <summary>Whether the database takes an event's JSON: it refuses some characters.</summary>
    /// <param name="json">The event.</param>
    public static bool IsEvent(string json) => StorableText.Encode(json) is not null;
}

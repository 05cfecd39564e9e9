using EventPlatform.Topics;
using Orleans.Metadata;

namespace EventPlatform.DeadLetters;

/// <summary>Which grains read which topic.</summary>
/// <param name="subscriptions">The grain classes, with the logical names of their topics.</param>
/// <param name="topics">The topics.</param>
/// <param name="types">Orleans' names of grain classes.</param>
public sealed class AggregateDirectory(
    IReadOnlyList<AggregateSubscription> subscriptions, PlatformTopics topics, GrainTypeResolver types)
{
    /// <summary>The grains that read a topic: of the aggregate named, or the only ones there are. Null when there are none, or it is not clear which.</summary>
    /// <param name="aggregate">The aggregate's name, or the name of something else.</param>
    /// <param name="topic">The topic's name on the broker.</param>
    public GrainType? Find(string aggregate, string topic)
    {
        var readers = subscriptions.Where(s => topics.BrokerNameOf(s.Topic) == topic).ToArray();
        var found = readers.Where(s => s.Aggregate == aggregate).Concat(readers.Length == 1 ? readers : []).FirstOrDefault();
        return found is null ? null : types.GetGrainType(found.Grain);
    }
}

/// <summary>A grain class that reads a topic.</summary>
/// <param name="Aggregate">The aggregate's stable name.</param>
/// <param name="Grain">The class.</param>
/// <param name="Topic">The topic's logical name.</param>
public sealed record AggregateSubscription(string Aggregate, Type Grain, string Topic);

using AppHost.Kafka;

namespace AppHost.Running;

/// <summary>The sample's topics, for a broker of our own: the emulator creates none when a silo asks it to.</summary>
public static class ShopTopics
{
    /// <summary>Those with a schema, and the one that mirrors dead letters.</summary>
    public static IReadOnlyList<string> All { get; } =
        ["user-events", "transactions", "event-counts", "user-activity", "revenue-metrics", "user-domain-events", "account-domain-events", "quick-refunds-inputs", "dead-letters"];

    /// <summary>Creates those that are missing.</summary>
    public static async Task CreateAsync(IKafkaBroker broker, int partitions, CancellationToken cancellationToken = default)
    {
        foreach (var topic in All)
            await broker.CreateTopicAsync(topic, partitions, cancellationToken);
    }
}

using Orleans.Streams.Kafka.Cache;

namespace Orleans.Streams.Kafka.Tests.Cache;

/// <summary>An item of the cache that carries nothing but its place.</summary>
internal sealed record TestItem(string Key, long Offset) : IKafkaItem
{
    public long NextOffset => Offset + 1;

    public int Size => 1;
}

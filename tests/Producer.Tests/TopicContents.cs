using Confluent.Kafka;

namespace Producer.Tests;

/// <summary>Reads what lies on a topic.</summary>
internal static class TopicContents
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>How many records a topic holds now.</summary>
    public static long Count(string bootstrap, string topic)
    {
        using var consumer = Consumer(bootstrap);
        return Partitions(bootstrap, topic).Sum(p => consumer.QueryWatermarkOffsets(p, Patience).High.Value);
    }

    /// <summary>Every record of a topic.</summary>
    public static List<ConsumeResult<string?, byte[]>> Read(string bootstrap, string topic)
    {
        using var consumer = Consumer(bootstrap);
        var partitions = Partitions(bootstrap, topic);
        var left = partitions.Sum(p => consumer.QueryWatermarkOffsets(p, Patience).High.Value);
        consumer.Assign(partitions.Select(p => new TopicPartitionOffset(p, Offset.Beginning)));
        var records = new List<ConsumeResult<string?, byte[]>>();
        while (records.Count < left)
            records.Add(consumer.Consume(Patience) ?? throw new TimeoutException($"Topic {topic} holds {left} records, but only {records.Count} came."));
        return records;
    }

    public static List<TopicPartition> Partitions(string bootstrap, string topic)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        return [.. admin.GetMetadata(topic, Patience).Topics.Single().Partitions.Select(p => new TopicPartition(topic, p.PartitionId))];
    }

    private static IConsumer<string?, byte[]> Consumer(string bootstrap) => new ConsumerBuilder<string?, byte[]>(
        new ConsumerConfig { BootstrapServers = bootstrap, GroupId = "reader", EnableAutoCommit = false }).Build();
}

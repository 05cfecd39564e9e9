using AppHost.Kafka;
using Confluent.Kafka;

namespace Chaos.Running;

/// <summary>Reads what a topic holds, by a client of its own: committed records, every partition from its beginning to its end.</summary>
internal static class TopicReader
{
    public static List<ConsumeResult<byte[], byte[]>> Read(IKafkaBroker broker, string topic, CancellationToken cancellationToken)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
        {
            BootstrapServers = broker.BootstrapServers,
            GroupId = "chaos-reader",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            IsolationLevel = IsolationLevel.ReadCommitted,
            AutoOffsetReset = AutoOffsetReset.Earliest,
        }).SetLogHandler((_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var partitions = admin.GetMetadata(topic, TimeSpan.FromSeconds(10)).Topics.Single().Partitions.Count;
        consumer.Assign(Enumerable.Range(0, partitions).Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        var records = new List<ConsumeResult<byte[], byte[]>>();
        for (var ended = 0; ended < partitions;)
        {
            var result = consumer.Consume(cancellationToken);
            if (result.IsPartitionEOF)
                ended++;
            else
                records.Add(result);
        }

        consumer.Close();
        return records;
    }
}

using AppHost.Kafka;
using Confluent.Kafka;

namespace AppHost.Tests.Kafka;

internal static class Records
{
    public static async Task<DeliveryResult<string, string>> ProduceAsync(IKafkaBroker broker, string topic, string value)
    {
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = broker.BootstrapServers, ReconnectBackoffMaxMs = 500 })
            .SetLogHandler((_, _) => { }).Build();
        return await producer.ProduceAsync(topic, new Message<string, string> { Key = "key", Value = value });
    }

    /// <summary>The values from the start of a topic's only partition to its end.</summary>
    public static List<string> ReadAll(IKafkaBroker broker, string topic, TimeSpan patience)
    {
        using var consumer = new ConsumerBuilder<string, string>(new ConsumerConfig
        {
            BootstrapServers = broker.BootstrapServers,
            GroupId = Guid.NewGuid().ToString("N"),
            EnablePartitionEof = true,
            FetchWaitMaxMs = 10,
        }).SetLogHandler((_, _) => { }).Build();
        consumer.Assign(new TopicPartitionOffset(topic, 0, Offset.Beginning));
        var (values, deadline) = (new List<string>(), DateTime.UtcNow + patience);
        while (DateTime.UtcNow < deadline)
        {
            var result = consumer.Consume(TimeSpan.FromMilliseconds(200));
            if (result is { IsPartitionEOF: true })
                return values;
            if (result is not null)
                values.Add(result.Message.Value);
        }

        throw new TimeoutException($"The end of topic {topic} was not reached within {patience}; read: {string.Join(", ", values)}");
    }
}

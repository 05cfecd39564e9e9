using Confluent.Kafka;
using EventPlatform.Hosting;

namespace EventPlatform.AspNetCore.Topics;

/// <summary>How this process reaches Kafka: as the silos do.</summary>
internal sealed class KafkaConnection(KafkaSettings settings)
{
    public ClientConfig ClientConfig() => new(settings.Client.ToDictionary())
    {
        BootstrapServers = settings.BootstrapServers,
        ReconnectBackoffMaxMs = 1_000, // back within seconds of the broker
    };
}

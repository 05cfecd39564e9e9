using Confluent.Kafka;
using EventPlatform.Hosting;
using Orleans.Streams.Kafka;

namespace EventPlatform.AspNetCore.Topics;

/// <summary>How this process reaches Kafka: as the silos do.</summary>
internal sealed class KafkaConnection(KafkaSettings settings, IConfiguration configuration)
{
    public ClientConfig ClientConfig() => new(Client(settings.Client)) { BootstrapServers = settings.BootstrapServers };

    /// <summary>Of what writes records: <c>Kafka:Producer</c> too.</summary>
    public ProducerConfig ProducerConfig() =>
        new(Client(settings.Client.Concat(configuration.GetSection($"{KafkaSettings.Section}:Producer").Get<Dictionary<string, string>>() ?? [])))
        {
            BootstrapServers = settings.BootstrapServers,
            // What is answered rests on these, whatever was set.
            EnableBackgroundPoll = true,
            EnableDeliveryReports = true,
        };

    private static Dictionary<string, string> Client(IEnumerable<KeyValuePair<string, string>> settings)
    {
        var all = new Dictionary<string, string>();
        foreach (var (name, value) in settings)
            all[name] = value;
        KafkaReconnect.AddTo(all); // back within seconds of the broker
        return all;
    }
}

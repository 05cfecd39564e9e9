using Confluent.Kafka;
using EventPlatform.AspNetCore.Hosting;
using EventPlatform.Hosting;
using Microsoft.Extensions.Options;

namespace EventPlatform.AspNetCore.Topics;

/// <summary>What librdkafka says of <c>Kafka:Client</c> and <c>Kafka:Producer</c>, which it does when a client is made: later, everything that asks Kafka would fail, one after the other. Told with the API's other options.</summary>
internal sealed class KafkaConnectionValidator(KafkaConnection connection) : IValidateOptions<ApiOptions>
{
    public ValidateOptionsResult Validate(string? name, ApiOptions options)
    {
        try
        {
            // Without brokers they connect to nobody.
            using var client = new AdminClientBuilder(new ClientConfig(connection.ClientConfig()) { BootstrapServers = "" }).SetLogHandler((_, _) => { }).Build();
            using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig(connection.ProducerConfig()) { BootstrapServers = "" }).SetLogHandler((_, _) => { }).Build();
            return ValidateOptionsResult.Success;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or KafkaException)
        {
            return ValidateOptionsResult.Fail($"A setting of {KafkaSettings.Section}:{nameof(KafkaSettings.Client)} or {KafkaSettings.Section}:Producer is refused: {e.Message}");
        }
    }
}

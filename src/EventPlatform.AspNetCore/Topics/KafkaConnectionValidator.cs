using Confluent.Kafka;
using EventPlatform.AspNetCore.Hosting;
using EventPlatform.Hosting;
using Microsoft.Extensions.Options;

namespace EventPlatform.AspNetCore.Topics;

/// <summary>What librdkafka says of <c>Kafka:Client</c>, which it does when a client is made: later, everything that asks Kafka would fail, one after the other. Told with the API's other options.</summary>
internal sealed class KafkaConnectionValidator(KafkaConnection connection) : IValidateOptions<ApiOptions>
{
    public ValidateOptionsResult Validate(string? name, ApiOptions options)
    {
        try
        {
            // Without brokers it connects to nobody.
            using var client = new AdminClientBuilder(new ClientConfig(connection.ClientConfig()) { BootstrapServers = "" }).SetLogHandler((_, _) => { }).Build();
            return ValidateOptionsResult.Success;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or KafkaException)
        {
            return ValidateOptionsResult.Fail($"A setting of {KafkaSettings.Section}:{nameof(KafkaSettings.Client)} is refused: {e.Message}");
        }
    }
}

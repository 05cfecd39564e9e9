using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Streams.Kafka.Hosting;

/// <summary>Checks, when the silo or client starts, the provider's options, the services that it needs and the settings of Orleans that it rests on.</summary>
internal sealed class KafkaConfigurationValidator<TOptions>(string provider, IServiceProvider services, params (Type Service, string How)[] required)
    : IConfigurationValidator
    where TOptions : KafkaProviderOptions
{
    public void ValidateConfiguration()
    {
        var errors = new List<string>();
        var valid = true;
        try
        {
            _ = services.GetRequiredService<IOptionsMonitor<TOptions>>().Get(provider);
        }
        catch (OptionsValidationException exception)
        {
            valid = false;
            errors.AddRange(exception.Failures);
        }

        foreach (var (service, how) in required)
        {
            var found = (services as IKeyedServiceProvider)?.GetKeyedService(service, provider) ?? services.GetService(service);
            if (found is null)
            {
                errors.Add($"Kafka streams '{provider}': no {service.Name} is registered. {how}");
            }
        }

        if (services.GetRequiredService<IOptionsMonitor<StreamPubSubOptions>>().Get(provider).PubSubType != StreamPubSubType.ImplicitOnly)
        {
            errors.Add($"Kafka streams '{provider}': StreamPubSubOptions.PubSubType must stay ImplicitOnly; a delivery could count as made that was not.");
        }

        // These are set from ours, so they can be read only when ours are right.
        if (valid && services.GetRequiredService<IOptionsMonitor<StreamPullingAgentOptions>>().Get(provider).BatchContainerBatchSize != 1)
        {
            errors.Add($"Kafka streams '{provider}': StreamPullingAgentOptions.BatchContainerBatchSize must stay 1; deliveries are batches already.");
        }

        if (errors.Count > 0)
        {
            throw new OrleansConfigurationException(string.Join(Environment.NewLine, errors));
        }
    }
}

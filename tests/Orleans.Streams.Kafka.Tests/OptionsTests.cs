using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace Orleans.Streams.Kafka.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void Every_error_is_told_at_once_with_its_option_and_the_services_that_are_missing()
    {
        var error = Assert.Throws<OrleansConfigurationException>(() => Validate(silo => silo.AddKafkaStreams("kafka", o =>
        {
            o.CheckpointInterval = TimeSpan.Zero;
            o.MaxBatchRecords = 0;
            o.MaxConcurrentDeliveries = 0;
            o.AddStream("bad name", "also/bad");
            o.Consumer["auto.offset.reset"] = "latest";
        })));
        Assert.All(
            ["BootstrapServers", "CheckpointInterval", "MaxBatchRecords", "MaxConcurrentDeliveries", "Streams['bad name']", "also/bad", "Consumer['auto.offset.reset']",
                nameof(IKafkaCheckpointStore), nameof(IKafkaUnroutableHandler)],
            part => Assert.Contains(part, error.Message));
        Assert.All(error.Message.Split(Environment.NewLine), line => Assert.StartsWith("Kafka streams 'kafka':", line));
    }

    [Fact]
    public void Settings_of_Orleans_that_would_lose_records_are_refused()
    {
        var error = Assert.Throws<OrleansConfigurationException>(() => Validate(silo =>
        {
            silo.AddKafkaStreams("kafka", o => o.AddStream("orders").BootstrapServers = "localhost:9092");
            silo.Services.Configure<StreamPubSubOptions>("kafka", o => o.PubSubType = StreamPubSubType.ExplicitGrainBasedAndImplicit);
            silo.Services.Configure<StreamPullingAgentOptions>("kafka", o => o.BatchContainerBatchSize = 10);
        }));
        Assert.Contains("PubSubType", error.Message);
        Assert.Contains("BatchContainerBatchSize", error.Message);
    }

    [Fact]
    public void A_partition_provider_without_a_start_says_so()
    {
        var error = Assert.Throws<OrleansConfigurationException>(() => Validate(silo =>
            silo.AddKafkaPartitionStreams("jobs", o => o.AddStream("orders").BootstrapServers = "localhost:9092")));
        Assert.Contains(nameof(IKafkaPartitionStart), error.Message);
    }

    private static void Validate(Action<ISiloBuilder> configure)
    {
        using var host = new HostBuilder().UseOrleans(silo => configure(silo.UseLocalhostClustering())).Build();
        foreach (var validator in host.Services.GetServices<IConfigurationValidator>().Where(v => v.GetType().Name.StartsWith("Kafka", StringComparison.Ordinal)))
        {
            validator.ValidateConfiguration();
        }
    }
}

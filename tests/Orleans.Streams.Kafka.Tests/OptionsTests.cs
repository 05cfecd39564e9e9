using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
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
            o.Client["dotnet.producer.enable.delivery.reports"] = "false";
        })));
        Assert.All(
            ["BootstrapServers", "CheckpointInterval", "MaxBatchRecords", "MaxConcurrentDeliveries", "Streams['bad name']", "also/bad", "Consumer['auto.offset.reset']",
                "Client['dotnet.producer.enable.delivery.reports']",
                nameof(IKafkaCheckpointStore), nameof(IKafkaUnroutableHandler)],
            part => Assert.Contains(part, error.Message));
        Assert.All(error.Message.Split(Environment.NewLine), line => Assert.StartsWith("Kafka streams 'kafka':", line));
    }

    [Fact]
    public void A_setting_that_librdkafka_refuses_is_told_at_the_start()
    {
        var error = Assert.Throws<OrleansConfigurationException>(() => Validate(silo => silo.AddKafkaStreams("kafka", o =>
        {
            o.AddStream("orders").BootstrapServers = "localhost:9092";
            o.Consumer["ftech.min.bytes"] = "1";
            o.Producer["lingre.ms"] = "1";
        })));
        Assert.Contains("Consumer['ftech.min.bytes']", error.Message);
        Assert.Contains("Producer['lingre.ms']", error.Message);
    }

    [Fact]
    public void One_that_every_client_refuses_is_told_once_with_the_options_themselves()
    {
        using var host = new HostBuilder().UseOrleans(silo => silo.UseLocalhostClustering().AddKafkaStreams("kafka", o =>
        {
            o.AddStream("orders").BootstrapServers = "localhost:9092";
            o.Client["security.protocol"] = "sll";
        })).Build();
        var error = Assert.Throws<OptionsValidationException>(() => host.Services.GetRequiredService<IStartupValidator>().Validate());
        Assert.StartsWith("Kafka streams 'kafka': Client['security.protocol'] is refused: ", Assert.Single(error.Failures));
    }

    [Theory]
    [InlineData("reconnect.backoff.ms", "2000")]
    [InlineData("reconnect.backoff.max.ms", "50")]
    public void A_user_may_say_how_long_clients_wait_before_they_connect_again(string setting, string value)
    {
        // The services that are missing are told: nothing else is wrong.
        var error = Assert.Throws<OrleansConfigurationException>(() => Validate(silo => silo.AddKafkaStreams("kafka", o =>
        {
            o.AddStream("orders").BootstrapServers = "localhost:9092";
            o.Client[setting] = value;
        })));
        Assert.DoesNotContain("refused", error.Message, StringComparison.Ordinal);

        var settings = new Dictionary<string, string> { [setting] = value };
        KafkaReconnect.AddTo(settings);
        Assert.Equal(value, settings[setting]);
        Assert.True(int.Parse(settings["reconnect.backoff.ms"]) <= int.Parse(settings["reconnect.backoff.max.ms"]));
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

    [Theory]
    [InlineData("earliest", "Earliest")]
    [InlineData("Latest", "Latest")]
    [InlineData("offset 100", "offset 100")]
    [InlineData("time 2026-01-31T12:00:00Z", "time 2026-01-31T12:00:00.0000000+00:00")]
    public void A_start_can_be_written_in_configuration(string written, string meant) => Assert.Equal(meant, Bind(written).ToString());

    [Theory]
    [InlineData("offset -1")]
    [InlineData("time yesterday")]
    [InlineData("newest")]
    public void A_start_that_cannot_be_read_says_what_can(string written) =>
        Assert.Contains("write earliest, latest", Assert.ThrowsAny<InvalidOperationException>(() => Bind(written)).ToString(), StringComparison.Ordinal);

    private static KafkaStart Bind(string start)
    {
        var options = new KafkaStreamsOptions();
        new ConfigurationBuilder().AddInMemoryCollection([new("Start", start)]).Build().Bind(options);
        return options.Start;
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

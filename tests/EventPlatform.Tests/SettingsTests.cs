using EventPlatform.Clustering;
using EventPlatform.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Streams.Kafka;

namespace EventPlatform.Tests;

/// <summary>What configuration says of the streams.</summary>
public sealed class SettingsTests
{
    [Fact]
    public void A_stream_is_filled_from_the_applications_topics_and_configuration_may_say_more_of_it()
    {
        var options = Options(
            ("Kafka:Partitions", "6"), ("Kafka:Topics:orders", "prod.orders"), ("Kafka:Streams:orders:ReplicationFactor", "3"), ("Kafka:Start", "latest"));

        var orders = options.Streams["orders"];
        Assert.Equal(("prod.orders", 6, (short)3, false), (orders.Topic, orders.Partitions, orders.ReplicationFactor, orders.PublishOnly));
        var dead = options.Streams["dead-letters"];
        Assert.Equal(("dead-letters", 6, (short)-1, true), (dead.Topic, dead.Partitions, dead.ReplicationFactor, dead.PublishOnly));
        Assert.Equal(KafkaStart.Latest, options.Start);
    }

    [Fact]
    public void Without_a_dead_letter_topic_nothing_is_mirrored() =>
        Assert.Equal(["orders"], Options(("Kafka:DeadLetterTopic", "")).Streams.Keys);

    [Fact]
    public void Two_aggregates_of_one_topic_are_refused()
    {
        var error = Assert.Throws<InvalidOperationException>(() => new HostBuilder()
            .UseOrleans((_, silo) => silo.UseLocalhostClustering().AddEventPlatform(platform =>
            {
                Orders.Define(platform);
                platform.Aggregate<PickyGrain>(from: "orders");
            })).Build());
        Assert.Contains("OrderGrain and PickyGrain both read from topic 'orders'", error.Message, StringComparison.Ordinal);
        Assert.Contains("keep one aggregate per topic", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_said_of_streams_holds_for_those_of_jobs_too()
    {
        using var host = Host(p => OrderJobs.Define(p, Orders.Define), [
            ("Kafka:Topics:orders", "prod.orders"), ("Kafka:Streams:orders:ReplicationFactor", "3"), ("Kafka:Streams:order-counts:Partitions", "2"), ("Kafka:Streams:order-counts:ReplicationFactor", "2"),
            ("Kafka:MaxDeliveryTime", "00:00:07"), ("Kafka:RedeliveryBackoff", "00:00:01"), ("Kafka:MaxRedeliveryBackoff", "00:00:08"), ("Kafka:MaxOutstandingBytes", "1000"),
            ("Kafka:StreamInactivityPeriod", "00:02:00")]);

        var jobs = host.Services.GetRequiredService<IOptionsMonitor<KafkaPartitionStreamsOptions>>().Get("kafka-jobs");
        var (read, written) = (jobs.Streams["jobs.orders"], jobs.Streams["results.order-counts"]);
        Assert.Equal(("prod.orders", 4, (short)3, false), (read.Topic, read.Partitions, read.ReplicationFactor, read.PublishOnly));
        Assert.Equal(("order-counts", 2, (short)2, true), (written.Topic, written.Partitions, written.ReplicationFactor, written.PublishOnly));
        Assert.Equal((7, 1, 8, 1000, 120), (jobs.MaxDeliveryTime.TotalSeconds, jobs.RedeliveryBackoff.TotalSeconds, jobs.MaxRedeliveryBackoff.TotalSeconds,
            jobs.MaxOutstandingBytes, jobs.StreamInactivityPeriod.TotalSeconds));
        Assert.DoesNotContain("order-counts", host.Services.GetRequiredService<IOptionsMonitor<KafkaStreamsOptions>>().Get(PlatformHosting.StreamProvider).Streams.Keys);
    }

    [Theory]
    [InlineData("orders", "Kafka:Topics:orders=prod.orders")]
    [InlineData("dead-letters", "Kafka:DeadLetterTopic=prod.orders")]
    public void A_topics_name_on_the_broker_that_stands_in_the_wrong_place_is_refused_with_the_right_one(string stream, string right)
    {
        var error = Assert.Throws<OptionsValidationException>(() => Options(($"Kafka:Streams:{stream}:Topic", "prod.orders"), ("Kafka:MaxDeliveryTime", "0")));
        Assert.Contains(error.Failures, f => f.Contains($"set {right} instead", StringComparison.Ordinal));
        Assert.Contains(error.Failures, f => f.Contains("MaxDeliveryTime", StringComparison.Ordinal));
    }

    [Fact]
    public void A_topics_name_may_stand_there_too_where_it_says_the_same() =>
        Assert.Equal("prod.orders", Options(("Kafka:Topics:orders", "prod.orders"), ("Kafka:Streams:orders:Topic", "prod.orders")).Streams["orders"].Topic);

    [Fact]
    public void A_silo_that_has_gone_silent_is_out_within_fifteen_seconds()
    {
        using var host = new HostBuilder()
            .ConfigureAppConfiguration(c => c.AddInMemoryCollection([new("ConnectionStrings:Postgres", "Host=127.0.0.1;Database=none")]))
            .UseOrleans((_, silo) => silo.UsePostgresClustering()).Build();
        var membership = host.Services.GetRequiredService<IOptions<ClusterMembershipOptions>>().Value;

        // Orleans lets nobody vote against a silo before its connections have been silent for this long; then two more probes are missed.
        var silence = membership.MaxProbeTimeout * membership.NumMissedProbesLimit;
        Assert.InRange(silence, TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(15) - membership.ProbeTimeout);
    }

    private static KafkaStreamsOptions Options(params (string Name, string Value)[] settings)
    {
        using var host = Host(Orders.Define, settings);
        return host.Services.GetRequiredService<IOptionsMonitor<KafkaStreamsOptions>>().Get(PlatformHosting.StreamProvider);
    }

    private static IHost Host(Action<PlatformBuilder> define, (string Name, string Value)[] settings) => new HostBuilder()
        .ConfigureAppConfiguration(c => c.AddInMemoryCollection(
            settings.Append(("Kafka:BootstrapServers", "127.0.0.1:9092")).Select(s => new KeyValuePair<string, string?>(s.Item1, s.Item2))))
        .UseOrleans((_, silo) => silo.UseLocalhostClustering().AddEventPlatform(define)).Build();
}

using Confluent.Kafka;
using Testing;
using Testing.Kafka;

namespace AppHost.Tests.Kafka;

public sealed class BrokerTests(KafkaBrokers brokers)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory, BrokerData]
    public async Task What_is_produced_is_read_back_in_order(BrokerKind kind)
    {
        var broker = await brokers.GetAsync(kind);
        var topic = await brokers.CreateTopicAsync(kind, partitions: 1);

        foreach (var value in (string[])["a", "b", "c"])
            await Records.ProduceAsync(broker, topic, value);

        Assert.Equal(["a", "b", "c"], Records.ReadAll(broker, topic, Patience));
    }

    [Theory, BrokerData]
    public async Task A_topic_has_the_partitions_asked_for_and_creating_it_again_changes_nothing(BrokerKind kind)
    {
        var broker = await brokers.GetAsync(kind);
        var topic = await brokers.CreateTopicAsync(kind, partitions: 3);
        await broker.CreateTopicAsync(topic, 3);

        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.BootstrapServers }).Build();
        await Eventually.Async(
            () => admin.GetMetadata(topic, Patience).Topics.Single().Partitions.Count == 3, Patience, "the topic shows its three partitions");
    }

    [Theory, BrokerData]
    public async Task Only_a_broker_without_topic_ids_has_an_incarnation(BrokerKind kind) =>
        Assert.Equal(kind is BrokerKind.Emulator, (await brokers.GetAsync(kind)).Incarnation is not null);

    [Theory, BrokerData(NotOnEmulatorBecause = "it cannot add partitions")]
    public async Task A_topic_can_grow(BrokerKind kind)
    {
        var broker = await brokers.GetAsync(kind);
        var topic = await brokers.CreateTopicAsync(kind, partitions: 1);

        await broker.GrowTopicAsync(topic, 2);

        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.BootstrapServers }).Build();
        await Eventually.Async(
            () => admin.GetMetadata(topic, Patience).Topics.Single().Partitions.Count == 2, Patience, "the topic shows its second partition");
    }

    [Theory, BrokerData(NotOnEmulatorBecause = "it lives in memory, so a killed one is gone")]
    public async Task A_killed_broker_comes_back_with_what_it_had_acknowledged(BrokerKind kind)
    {
        Assert.Equal(BrokerKind.ApacheKafka, kind);
        await using var broker = await brokers.StartOwnKafkaAsync();
        await broker.CreateTopicAsync("t", 1);
        await Records.ProduceAsync(broker, "t", "before");

        await broker.KillAsync();
        Assert.Null(broker.Pid);
        await broker.StartAsync();
        await Records.ProduceAsync(broker, "t", "after");

        Assert.Equal(["before", "after"], Records.ReadAll(broker, "t", Patience));
    }
}

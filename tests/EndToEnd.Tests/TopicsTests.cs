using System.Text.Json;
using AppHost.Control;
using AppHost.Kafka;
using AppHost.Processes;
using AppHost.Running;
using Confluent.Kafka;
using Testing;
using Testing.Kafka;

namespace EndToEnd.Tests;

/// <summary><c>./dev topics create</c> and <c>grow</c>, on a broker of the system's own and on one that was given.</summary>
public sealed class TopicsTests(KafkaBrokers brokers)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly string _folder = Directory.CreateDirectory(TestFolder.New()).FullName;

    [Theory]
    [BrokerData(true, NotOnEmulatorBecause = "it has no topic administration over the wire")]
    [BrokerData(false, NotOnEmulatorBecause = "it cannot add partitions")]
    public async Task A_topic_is_created_and_grown_and_what_the_broker_refuses_is_said_in_its_words(BrokerKind kind, bool given)
    {
        var broker = await brokers.GetAsync(kind);
        await using var control = await ControlEndpoint.StartAsync(given ? null : broker, () => []);
        await File.WriteAllTextAsync(Path.Combine(_folder, "endpoints.json"), JsonSerializer.Serialize(
            new { kafka = broker.BootstrapServers, kafka_kind = given ? "given" : broker.Kind, control = control.Address }), TestContext.Current.CancellationToken);
        var topic = $"t{Guid.NewGuid():N}";

        Assert.Equal((0, $"Topic '{topic}' was created with 2 partitions.\n"), await TopicsAsync("create", topic, "--partitions", "2"));
        Assert.Equal((0, $"Topic '{topic}' has 3 partitions now; it had 2.\n"), await TopicsAsync("grow", topic, "--partitions", "3"));
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.BootstrapServers }).Build();
        await Eventually.Async(() => admin.GetMetadata(topic, Patience).Topics.Single().Partitions.Count == 3, Patience, "the topic has its third partition");

        Refused("already has 3 partition", await TopicsAsync("grow", topic, "--partitions", "3"));
        Refused("Topic name is invalid", await TopicsAsync("create", "a b"));
    }

    [Fact]
    public async Task On_the_emulator_it_is_said_what_was_created_and_what_was_there_already()
    {
        await using var broker = EmulatedKafka.Start();
        await using var control = await ControlEndpoint.StartAsync(broker, () => []);
        await File.WriteAllTextAsync(Path.Combine(_folder, "endpoints.json"), JsonSerializer.Serialize(
            new { kafka = broker.BootstrapServers, kafka_kind = broker.Kind, control = control.Address }), TestContext.Current.CancellationToken);

        Assert.Equal((0, "Topic 'parcels' was created with 4 partitions.\n"), await TopicsAsync("create", "parcels"));
        Assert.Equal((0, "Topic 'parcels' is there already, with 4 partitions; nothing was changed.\n"), await TopicsAsync("create", "parcels", "--partitions", "2"));
    }

    private static void Refused(string reason, (int Exit, string Said) answer)
    {
        Assert.Contains(reason, answer.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("{", answer.Said, StringComparison.Ordinal);
        Assert.Equal(1, answer.Exit);
    }

    private async Task<(int Exit, string Said)> TopicsAsync(params string[] arguments)
    {
        await using var topics = await OwnedProcess.StartAsync("topics", Programs.Command("Cli", ["topics", .. arguments, "--data", _folder]), Path.Combine(_folder, $"{Guid.NewGuid():N}.log"));
        var exit = await topics.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (exit, await File.ReadAllTextAsync(topics.LogFile));
    }
}

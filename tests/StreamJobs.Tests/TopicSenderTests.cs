using AppHost.Kafka;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using StreamJobs.Sinks;

namespace StreamJobs.Tests;

public sealed class TopicSenderTests
{
    private const short FindCoordinator = 10;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task A_transaction_that_the_client_never_comes_back_from_is_left_to_it_and_what_is_missing_is_sent_by_a_new_one()
    {
        await using var broker = EmulatedKafka.Start();
        await broker.CreateTopicAsync("results", 1, TestContext.Current.CancellationToken);
        using var sender = Sender(broker);
        await Within(sender.LastSentAsync("results")); // the group's own client has found its coordinator: the answer that is spoilt is the producer's

        // The client takes this for an answer, asks no more, and waits for a connection to change.
        broker.FailNextRequests(FindCoordinator, Confluent.Kafka.ErrorCode.NotCoordinatorForGroup, 1);
        await Assert.ThrowsAsync<KafkaException>(() => Within(sender.SendAsync(1, ["results"], [Record(1)])));

        await Within(sender.SendAsync(1, ["results"], [Record(1)]));
    }

    private static TopicSender Sender(EmulatedKafka broker) =>
        new("owner", new TopicConnection(broker.BootstrapServers, new Dictionary<string, string>(), topic => topic, "test"), NullLogger.Instance) { Patience = TimeSpan.FromSeconds(3) };

    private static OutgoingRecord Record(byte value) => new("results", [value], [value]);

    private static Task Within(Task task) => task.WaitAsync(Deadline, TestContext.Current.CancellationToken);
}

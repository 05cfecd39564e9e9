using System.Diagnostics;
using AppHost.Kafka;
using AppHost.Processes;
using Confluent.Kafka;

namespace AppHost.Tests.Kafka;

/// <summary>What only the emulator can do: fail on order.</summary>
[Trait("Broker", "emulator")]
public sealed class EmulatedKafkaTests
{
    private const short Produce = 0;

    [Fact]
    public async Task Each_start_is_a_new_and_empty_broker()
    {
        await using var first = EmulatedKafka.Start();
        await using var second = EmulatedKafka.Start();
        await first.CreateTopicAsync("t", 1);
        await second.CreateTopicAsync("t", 1);

        await Records.ProduceAsync(first, "t", "only in the first");

        Assert.NotEqual(first.Incarnation, second.Incarnation);
        Assert.Empty(Records.ReadAll(second, "t", TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Clients_that_begin_at_a_port_of_ones_own_choice_reach_it()
    {
        var port = FreePort.Any();
        await using (var first = EmulatedKafka.Start(port))
            Assert.Equal($"127.0.0.1:{port}", first.BootstrapServers);
        await using var broker = EmulatedKafka.Start(port);
        await broker.CreateTopicAsync("t", 1);

        await Records.ProduceAsync(broker, "t", "through the port");

        Assert.Equal(["through the port"], Records.ReadAll(broker, "t", TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Requests_fail_as_often_as_ordered()
    {
        await using var broker = EmulatedKafka.Start();
        await broker.CreateTopicAsync("t", 1);

        broker.FailNextRequests(Produce, ErrorCode.TopicAuthorizationFailed, 1);
        var refused = await Assert.ThrowsAsync<ProduceException<string, string>>(() => Records.ProduceAsync(broker, "t", "refused"));
        await Records.ProduceAsync(broker, "t", "stored");

        Assert.Equal(ErrorCode.TopicAuthorizationFailed, refused.Error.Code);
        Assert.Equal(["stored"], Records.ReadAll(broker, "t", TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_broker_that_was_down_still_holds_its_records()
    {
        await using var broker = EmulatedKafka.Start();
        await broker.CreateTopicAsync("t", 1);
        await Records.ProduceAsync(broker, "t", "before");

        broker.TakeDown();
        var during = Records.ProduceAsync(broker, "t", "during");
        await Assert.ThrowsAsync<TimeoutException>(() => during.WaitAsync(TimeSpan.FromSeconds(1)));
        broker.BringUp();
        await during;

        Assert.Equal(["before", "during"], Records.ReadAll(broker, "t", TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Every_answer_can_be_made_slow()
    {
        await using var broker = EmulatedKafka.Start();
        await broker.CreateTopicAsync("t", 1);
        broker.SetRoundTripTime(TimeSpan.FromMilliseconds(300));

        var start = Stopwatch.GetTimestamp();
        await Records.ProduceAsync(broker, "t", "slow");

        Assert.True(Stopwatch.GetElapsedTime(start) > TimeSpan.FromMilliseconds(300));
    }

    [Fact]
    public async Task Growing_a_topic_is_refused_and_says_what_can_do_it()
    {
        await using var broker = EmulatedKafka.Start();
        var refusal = await Assert.ThrowsAsync<NotSupportedException>(() => broker.GrowTopicAsync("t", 2));
        Assert.Contains("KAFKA_HOME", refusal.Message, StringComparison.Ordinal);
    }
}

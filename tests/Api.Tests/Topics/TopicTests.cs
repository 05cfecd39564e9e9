using AppHost.Kafka;
using Confluent.Kafka;
using EventPlatform.AspNetCore.Topics;
using EventPlatform.Hosting;
using EventStore.Checkpoints;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Testing;
using static Api.Tests.Calls;

namespace Api.Tests.Topics;

public sealed class TopicTests(ShopSystem system)
{
    private static readonly HashSet<string> None = [];

    [Fact]
    public async Task Lag_reaches_zero_when_every_record_is_done()
    {
        var sent = (await (await system.Http.PostAsync("/events", $$"""{"userId":"{{NewId("u")}}","eventType":"CLICK"}""")).OkAsync()).Items()[0];
        var partition = await Eventually.Async(
            async () => (await system.Http.GetJsonAsync("/topics")).Items().Single(t => t.Text("name") == "user-events").GetProperty("partitions")[sent.GetProperty("partition").GetInt32()],
            p => p.GetProperty("position").GetInt64() > sent.GetProperty("offset").GetInt64() && p.GetProperty("lag").GetInt64() == 0,
            ShopSystem.Deadline, "the checkpoint is past the record and nothing is left");
        Assert.Equal((0, "kafka"), (partition.GetProperty("low").GetInt64(), partition.Text("consumer")));
    }

    [Fact]
    public async Task A_job_that_lags_is_its_topics_slowest_consumer_and_none_lags_when_all_is_taken()
    {
        var sent = (await (await system.Http.PostAsync("/accounts/" + NewId("a") + "/deposits", """{"amount":5,"currency":"EUR"}""")).OkAsync());
        Assert.Equal("accepted", sent.Text("outcome"));
        var topic = await Eventually.Async(
            async () => (await system.Http.GetJsonAsync("/topics")).Items().Single(t => t.Text("name") == "account-domain-events"),
            t => t.GetProperty("partitions").EnumerateArray().Any(p => p.GetProperty("high").GetInt64() > 0) && t.GetProperty("lag").GetInt64() == 0,
            ShopSystem.Deadline, "the deposit is published, and taken by the job");
        Assert.All(topic.GetProperty("partitions").EnumerateArray(), p => Assert.Equal("job/suspicious-withdrawals", p.Text("consumer")));
    }

    [Fact]
    public async Task A_question_that_is_under_way_when_the_api_stops_ends_before_the_client()
    {
        await using var kafka = EmulatedKafka.Start();
        await kafka.CreateTopicAsync("t", 1);
        kafka.SetRoundTripTime(TimeSpan.FromMilliseconds(100));
        var clients = new BrokerClients(
            new KafkaConnection(new KafkaSettings { BootstrapServers = kafka.BootstrapServers }, new ConfigurationBuilder().Build()), NullLogger<BrokerClients>.Instance);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = Task.Run(() => clients.Admin.Call(admin =>
        {
            asked.SetResult();
            return admin.GetMetadata(ShopSystem.Deadline);
        }));
        await asked.Task;
        clients.Dispose();
        // Another one is refused, whatever was known before.
        await Assert.ThrowsAsync<ObjectDisposedException>(() => new BrokerWatermarks(clients, TimeProvider.System).GetAsync(CancellationToken.None));
        Assert.Contains((await answer.WaitAsync(ShopSystem.Deadline)).Topics, t => t.Topic == "t");
    }

    [Fact]
    public void The_slowest_consumer_decides_and_one_without_a_checkpoint_is_at_the_beginning()
    {
        var topic = TopicReader.Join(Marks(("t", 0, 5, 100), ("t", 1, 0, 10)), [At("kafka", "t", 0, 60), At("jobs", "t", 0, 40), At("kafka", "t", 1, 10)], None).Single();
        Assert.Equal([("jobs", 40L, 60L), ("jobs", 0L, 10L)], topic.Partitions.Select(p => (p.Consumer!, p.Position!.Value, p.Lag!.Value)));
        Assert.Equal(70, topic.Lag);
    }

    [Fact]
    public void A_topic_that_nothing_reads_has_no_lag_and_one_that_aggregates_read_has_it_from_the_start()
    {
        var topics = TopicReader.Join(Marks(("a", 0, 0, 7), ("b", 0, 0, 9)), [], new HashSet<string> { "b" });
        Assert.Equal([("a", null), ("b", (long?)9)], topics.Select(t => (t.Name, t.Lag)));
    }

    [Fact]
    public void Records_removed_before_they_were_read_are_a_gap()
    {
        var partition = TopicReader.Join(Marks(("t", 0, 50, 100)), [At("kafka", "t", 0, 30)], None).Single().Partitions.Single();
        Assert.Equal((50, 50, 20), (partition.Position, partition.Lag, partition.Gap));
    }

    [Fact]
    public void A_position_beyond_a_recreated_topics_end_is_no_negative_lag()
    {
        var partition = TopicReader.Join(Marks(("t", 0, 0, 3)), [At("kafka", "t", 0, 500)], None).Single().Partitions.Single();
        Assert.Equal(0, partition.Lag);
    }

    private static Dictionary<TopicPartition, Watermarks> Marks(params (string Topic, int Partition, long Low, long High)[] marks) =>
        marks.ToDictionary(m => new TopicPartition(m.Topic, m.Partition), m => new Watermarks(m.Low, m.High));

    private static CheckpointInfo At(string provider, string topic, int partition, long? next) => new(provider, topic, "i", partition, 1, next, DateTimeOffset.UnixEpoch);
}

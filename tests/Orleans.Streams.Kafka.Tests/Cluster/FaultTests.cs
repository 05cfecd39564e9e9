using AppHost.Kafka;
using Confluent.Kafka;
using Microsoft.Extensions.DependencyInjection;

namespace Orleans.Streams.Kafka.Tests.Cluster;

/// <summary>What goes wrong around a topic, and what the provider then does.</summary>
public sealed class FaultTests(Brokers brokers)
{
    [Fact]
    public async Task A_broker_that_goes_away_and_comes_back_costs_nothing()
    {
        await using var broker = EmulatedKafka.Start();
        await using var cluster = new KafkaCluster(broker);
        await cluster.CreateTopicAsync(1);
        broker.TakeDown();
        await cluster.StartAsync();
        await Eventually.True(() => TopicError(cluster) is not null and not "not looked up yet", "the broker's absence to show");
        broker.BringUp();
        Produce(cluster, 100);
        await Eventually.True(() => cluster.Deliveries.Distinct == 100, "records to arrive once the broker is there");

        broker.TakeDown();
        await Eventually.True(() => cluster.Partitions.Single() is { IsHealthy: false, LastError: not null }, "the broker's loss to show");
        broker.BringUp();
        Produce(cluster, 100);
        await Eventually.True(() => cluster.Deliveries.Distinct == 200, "records to arrive after the broker came back");
        await Eventually.True(() => cluster.IsDrained && cluster.Partitions.Single().IsHealthy, "health to return");
    }

    [Fact]
    public async Task A_topic_that_retention_has_shortened_stops_its_partition_loudly_unless_told_to_skip()
    {
        Assert.SkipUnless(Brokers.HasReal, "needs KAFKA_HOME: the emulator cannot delete records");
        var broker = await brokers.GetAsync(Brokers.Real);
        await using var cluster = new KafkaCluster(broker);
        await cluster.CreateTopicAsync(1);
        await cluster.StartAsync();
        Produce(cluster, 10);
        await Eventually.True(() => cluster.Deliveries.Distinct == 10 && Checkpoint(cluster) == 10, "a checkpoint at 10");
        await cluster.StopAsync();
        Produce(cluster, 10);
        using (var admin = Admin(broker))
        {
            await admin.DeleteRecordsAsync([new(cluster.Topic, 0, 15)]);
        }

        await cluster.StartAsync();
        await Eventually.True(() => cluster.Partitions.SingleOrDefault()?.State == KafkaPartitionState.StoppedAtGap, "the partition to stop at the gap");
        Assert.Contains("5 offsets were lost", cluster.Partitions.Single().LastError);
        Assert.Equal((10, 10), (cluster.Deliveries.Distinct, Checkpoint(cluster)));
        await cluster.StopAsync();

        await cluster.StartAsync(configure: o => o.OnGap = KafkaGapPolicy.SkipToEarliest);
        await Eventually.True(() => cluster.Deliveries.Distinct == 15, "the records after the gap");
        Assert.Equal(5, cluster.Partitions.Single().Skipped);
    }

    [Fact]
    public async Task A_log_that_was_cut_short_is_read_again_only_as_a_new_incarnation()
    {
        var broker = await brokers.GetAsync(Brokers.Emulator);
        await using var cluster = new KafkaCluster(broker);
        await cluster.CreateTopicAsync(1);
        Produce(cluster, 10);
        var taken = await cluster.Checkpoints.TakeOverAsync(KafkaCluster.Provider, cluster.Topic, broker.Incarnation!, 0, default);
        await cluster.Checkpoints.SaveAsync(KafkaCluster.Provider, cluster.Topic, broker.Incarnation!, 0, taken.Epoch, 15, default);

        await cluster.StartAsync(configure: o => o.OnGap = KafkaGapPolicy.SkipToEarliest);
        await Eventually.True(() => cluster.Partitions.SingleOrDefault()?.State == KafkaPartitionState.StoppedAtGap, "the partition to stop at the gap");
        Assert.Contains("set Incarnation to a new value", cluster.Partitions.Single().LastError);
        Assert.Equal((0, 15), (cluster.Deliveries.Distinct, Checkpoint(cluster)));
        await cluster.StopAsync();

        await cluster.StartAsync(configure: o => (o.OnGap, o.Incarnation) = (KafkaGapPolicy.SkipToEarliest, "after the cut"));
        await Eventually.True(() => cluster.Deliveries.Distinct == 10 && Checkpoint(cluster) == 10, "the records of the new incarnation");
    }

    [Fact]
    public async Task Records_deleted_under_a_paused_reader_are_noticed_while_it_reads()
    {
        Assert.SkipUnless(Brokers.HasReal, "needs KAFKA_HOME: the emulator cannot delete records");
        var broker = await brokers.GetAsync(Brokers.Real);
        await using var cluster = new KafkaCluster(broker);
        await cluster.CreateTopicAsync(1);
        var release = new TaskCompletionSource();
        cluster.Deliveries.OnBatch = (_, _) => release.Task;
        await cluster.StartAsync(configure: o => (o.MaxOutstandingRecords, o.MaxOffsetSpan) = (10, 10));
        Produce(cluster, 1000);
        await Eventually.True(() => cluster.Partitions.SingleOrDefault() is { Paused: true }, "the partition to pause");
        using (var admin = Admin(broker))
        {
            await admin.DeleteRecordsAsync([new(cluster.Topic, 0, 900)]);
        }

        release.SetResult();
        await Eventually.True(() => cluster.Partitions.Single().State == KafkaPartitionState.StoppedAtGap, "the gap to be noticed");
    }

    [Fact]
    public async Task A_topic_that_was_created_again_is_noticed_and_its_offset_0_is_new()
    {
        Assert.SkipUnless(Brokers.HasReal, "needs KAFKA_HOME: the emulator has no topic ids");
        var broker = await brokers.GetAsync(Brokers.Real);
        await using var cluster = new KafkaCluster(broker);
        await cluster.CreateTopicAsync(1);
        await cluster.StartAsync(configure: o => o.OnGap = KafkaGapPolicy.SkipToEarliest);
        Produce(cluster, 10);
        await Eventually.True(() => Checkpoint(cluster) == 10, "a checkpoint at 10");
        var former = cluster.Partitions.Single().Incarnation;
        using (var admin = Admin(broker))
        {
            await admin.DeleteTopicsAsync([cluster.Topic]);
            await Eventually.True(() => cluster.Partitions.SingleOrDefault() is not { State: KafkaPartitionState.Reading }, "the deletion to show");
            await cluster.CreateTopicAsync(1);
        }

        Produce(cluster, 3);
        await Eventually.True(
            () => cluster.Partitions.SingleOrDefault() is { State: KafkaPartitionState.Reading, Position: 3 } p && p.Incarnation != former, "the new topic to be read");
        await Eventually.True(() => Checkpoint(cluster) == 3, "its checkpoint");
    }

    [Fact]
    public async Task Transaction_markers_and_aborted_records_do_not_hold_the_watermark()
    {
        Assert.SkipUnless(Brokers.HasReal, "needs KAFKA_HOME: the emulator ignores isolation");
        var broker = await brokers.GetAsync(Brokers.Real);
        await using var cluster = new KafkaCluster(broker);
        await cluster.CreateTopicAsync(1);
        await cluster.StartAsync();
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig
        {
            BootstrapServers = broker.BootstrapServers,
            TransactionalId = Guid.NewGuid().ToString("N"),
        }).Build();
        producer.InitTransactions(TimeSpan.FromSeconds(30));
        for (var transaction = 0; transaction < 4; transaction++)
        {
            producer.BeginTransaction();
            for (var i = 0; i < 3; i++)
            {
                producer.Produce(cluster.Topic, new() { Key = $"k{i}", Value = transaction % 2 == 0 ? "committed" : "aborted" });
            }

            producer.Flush();
            if (transaction % 2 == 0)
            {
                producer.CommitTransaction();
            }
            else
            {
                producer.AbortTransaction();
            }
        }

        // 4 transactions of 3 records and a marker: 16 offsets, 6 records.
        await Eventually.True(() => cluster.Partitions.Single() is { Position: 16, Lag: 0 }, "the watermark to pass the last marker");
        Assert.Equal(6, cluster.Deliveries.Distinct);
    }

    [Fact]
    public async Task A_partition_that_is_added_is_noticed_and_read()
    {
        Assert.SkipUnless(Brokers.HasReal, "needs KAFKA_HOME: the emulator cannot add partitions");
        var broker = await brokers.GetAsync(Brokers.Real);
        await using var cluster = new KafkaCluster(broker);
        await cluster.CreateTopicAsync(1);
        await cluster.StartAsync();
        Produce(cluster, 10);
        await Eventually.True(() => cluster.Deliveries.Distinct == 10, "10 records");
        await broker.GrowTopicAsync(cluster.Topic, 3);
        await Eventually.True(() => cluster.Partitions.Count() == 3, "two more partitions");
        using (var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = broker.BootstrapServers }).Build())
        {
            await producer.ProduceAsync(new TopicPartition(cluster.Topic, 2), new() { Key = "late", Value = "" });
        }

        await Eventually.True(() => cluster.Deliveries.Of("late").Count == 1 && cluster.IsDrained, "the record of a new partition");
    }

    [Fact]
    public async Task A_missing_topic_is_an_error_that_says_what_to_do_or_is_created()
    {
        Assert.SkipUnless(Brokers.HasReal, "needs KAFKA_HOME: the emulator creates whatever is asked for");
        var broker = await brokers.GetAsync(Brokers.Real);
        await using var cluster = new KafkaCluster(broker);
        await cluster.StartAsync();
        await Eventually.True(() => TopicError(cluster)?.Contains("CreateMissingTopics", StringComparison.Ordinal) == true, "the error to show");
        await cluster.StopAsync();
        await cluster.StartAsync(configure: o => o.CreateMissingTopics = true);
        await Eventually.True(() => cluster.Partitions.Count(p => p.State == KafkaPartitionState.Reading) == 2, "the topic to be created with 2 partitions");
    }

    [Fact]
    public async Task A_topic_that_may_not_be_read_is_not_called_missing()
    {
        await using var broker = EmulatedKafka.Start(); // which says of a topic what it is told to
        await using var cluster = new KafkaCluster(broker);
        await cluster.CreateTopicAsync(1);
        broker.SetTopicError(cluster.Topic, Confluent.Kafka.ErrorCode.TopicAuthorizationFailed);
        await cluster.StartAsync(configure: o => o.CreateMissingTopics = true);
        await Eventually.True(() => TopicError(cluster) is { } error && error != "not looked up yet", "the error to show");
        Assert.Contains("Topic authorization failed; allow", TopicError(cluster), StringComparison.Ordinal);

        broker.SetTopicError(cluster.Topic, Confluent.Kafka.ErrorCode.NoError);
        Produce(cluster, 10);
        await Eventually.True(() => cluster.Deliveries.Distinct == 10 && TopicError(cluster) is null, "the topic to be read once that is allowed");
    }

    [Fact]
    public async Task On_the_emulator_without_an_incarnation_it_is_said_which_option_is_needed()
    {
        await using var broker = EmulatedKafka.Start(); // which has no controller to ask
        await using var cluster = new KafkaCluster(broker);
        await cluster.CreateTopicAsync(1);
        await cluster.StartAsync(configure: o => o.Incarnation = null);
        string? Error() => cluster.Silos.GetSiloServiceProvider().GetRequiredService<IKafkaStreamsStatus>().Topics.Single().Error;
        await Eventually.True(() => Error()?.Contains("controller", StringComparison.Ordinal) == true, "the look at the topics to fail");
        Assert.Contains("set the option Incarnation", Error());
    }

    [Fact]
    public async Task A_topic_that_cannot_be_created_does_not_keep_the_others_from_being_read()
    {
        await using var broker = EmulatedKafka.Start(); // which creates no topic when it is asked to
        await using var cluster = new KafkaCluster(broker);
        await cluster.CreateTopicAsync(1);
        await cluster.StartAsync(configure: o =>
        {
            o.CreateMissingTopics = true;
            o.AddStream("results");
        });
        Produce(cluster, 10);
        string? Error() => cluster.Silos.GetSiloServiceProvider().GetRequiredService<IKafkaStreamsStatus>().Topics.Single(t => t.Stream == "results").Error;
        await Eventually.True(() => cluster.Deliveries.Distinct == 10, "the other topic to be read");
        Assert.DoesNotContain("could not be created:", Error()); // nobody waited until that was known
        await Eventually.True(() => Error()?.Contains("could not be created:", StringComparison.Ordinal) == true, "it to be said");
        Assert.Contains("On the emulator, create the topics there", Error());
    }

    [Fact]
    public async Task A_topic_that_is_only_published_to_is_created_and_read_by_no_one()
    {
        Assert.SkipUnless(Brokers.HasReal, "needs KAFKA_HOME: the emulator creates whatever is asked for");
        await using var cluster = new KafkaCluster(await brokers.GetAsync(Brokers.Real));
        await cluster.StartAsync(configure: o =>
        {
            o.CreateMissingTopics = true;
            o.AddStream("results", $"results-{cluster.Topic}", partitions: 3).Streams["results"].PublishOnly = true;
        });
        await Eventually.True(() => cluster.Partitions.Count(p => p.State == KafkaPartitionState.Reading) == 2, "the other topic to be read");
        var topics = cluster.Silos.GetSiloServiceProvider().GetRequiredService<IKafkaStreamsStatus>().Topics;
        Assert.Equal((3, null), topics.Where(t => t.Stream == "results").Select(t => (t.Partitions, t.Error)).Single());
        Assert.DoesNotContain(cluster.Partitions, p => p.Stream == "results");
    }

    [Theory, MemberData(nameof(Brokers.All), MemberType = typeof(Brokers))]
    public async Task Checkpoints_are_mirrored_to_the_consumer_group(string kind)
    {
        var broker = await brokers.GetAsync(kind);
        await using var cluster = new KafkaCluster(broker);
        await cluster.CreateTopicAsync(1);
        var group = $"group-{Guid.NewGuid():N}";
        await cluster.StartAsync(configure: o => o.ConsumerGroup = group);
        Produce(cluster, 25);
        using var reader = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = broker.BootstrapServers, GroupId = group }).Build();
        await Eventually.True(
            () => reader.Committed([new(cluster.Topic, 0)], TimeSpan.FromSeconds(10)).Single().Offset == 25, "the group's offset to reach 25");
    }

    [Fact]
    public async Task A_group_without_a_coordinator_does_not_keep_a_partition_from_being_read()
    {
        const short FindCoordinator = 10;
        await using var broker = EmulatedKafka.Start();
        await using var cluster = new KafkaCluster(broker);
        await cluster.CreateTopicAsync(1);
        broker.FailNextRequests(FindCoordinator, Confluent.Kafka.ErrorCode.GroupCoordinatorNotAvailable, 1_000);
        await cluster.StartAsync(configure: o => o.ConsumerGroup = "without-coordinator");
        Produce(cluster, 25);
        await Eventually.True(() => Checkpoint(cluster) == 25, "a checkpoint that the group cannot be told of");
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken); // for the attempt to be under way

        await cluster.Checkpoints.TakeOverAsync(KafkaCluster.Provider, cluster.Topic, cluster.Partitions.Single().Incarnation!, 0, default);
        Produce(cluster, 25);
        await Eventually.True(() => cluster.Partitions.Single().State == KafkaPartitionState.Retrying, "the reader to be fenced");
        await Eventually.True(() => cluster.Deliveries.Distinct == 50, "the partition to be read again", seconds: 30); // with a commit in the way, it was 45
    }

    [Fact]
    public async Task A_producer_that_failed_for_good_fails_its_publishers_and_the_next_ones_have_a_new_one()
    {
        const short InitProducerId = 22;
        await using var broker = EmulatedKafka.Start();
        await using var cluster = new KafkaCluster(broker);
        await cluster.CreateTopicAsync(1);
        await cluster.StartAsync();
        broker.FailNextRequests(InitProducerId, Confluent.Kafka.ErrorCode.ClusterAuthorizationFailed, 1);
        var publisher = cluster.Silos.Client.GetGrain<IPublishingGrain>("me");

        var refused = await Assert.ThrowsAsync<KafkaPublishException>(() => publisher.Publish([1]).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Assert.Equal(cluster.Topic, refused.Topic);
        Assert.Contains(refused.Code, refused.Message, StringComparison.Ordinal);
        await publisher.Publish([2]);

        await Eventually.True(() => cluster.Deliveries.Distinct == 1, "what was published later to arrive");
        Assert.Equal([2], cluster.Deliveries.Of("me").Single().Value!);
    }

    [Theory, MemberData(nameof(Brokers.All), MemberType = typeof(Brokers))]
    public async Task An_owner_that_was_fenced_stops_saving_and_asks_again(string kind)
    {
        await using var cluster = new KafkaCluster(await brokers.GetAsync(kind));
        await cluster.CreateTopicAsync(1);
        await cluster.StartAsync();
        Produce(cluster, 10);
        await Eventually.True(() => Checkpoint(cluster) == 10, "a checkpoint at 10");
        var incarnation = cluster.Partitions.Single().Incarnation!;
        var other = await cluster.Checkpoints.TakeOverAsync(KafkaCluster.Provider, cluster.Topic, incarnation, 0, default);
        Assert.Equal(10, other.NextOffset);
        Produce(cluster, 10);
        await Eventually.True(() => cluster.Partitions.Single().State == KafkaPartitionState.Retrying, "the former owner to stop");
        Assert.Equal(10, Checkpoint(cluster));
        await Eventually.True(() => Checkpoint(cluster) == 20, "the owner to take over again");
        Assert.Equal(20, cluster.Deliveries.Distinct);
    }

    private static void Produce(KafkaCluster cluster, int records)
    {
        for (var i = 0; i < records; i++)
        {
            cluster.Produce($"user-{i % 5}", $"{i}");
        }

        cluster.Flush();
    }

    private static long? Checkpoint(KafkaCluster cluster) => cluster.Checkpoints.NextOffset(KafkaCluster.Provider, cluster.Topic, 0);

    private static string? TopicError(KafkaCluster cluster) =>
        cluster.Silos.GetSiloServiceProvider().GetRequiredService<IKafkaStreamsStatus>().Topics.SingleOrDefault()?.Error;

    private static IAdminClient Admin(IKafkaBroker broker) => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.BootstrapServers }).Build();
}

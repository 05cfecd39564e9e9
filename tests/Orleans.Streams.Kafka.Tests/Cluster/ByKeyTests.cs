using System.Text;

[assembly: AssemblyFixture(typeof(Orleans.Streams.Kafka.Tests.Cluster.Brokers))]

namespace Orleans.Streams.Kafka.Tests.Cluster;

public sealed class ByKeyTests(Brokers brokers)
{
    [Theory, MemberData(nameof(Brokers.All), MemberType = typeof(Brokers))]
    public async Task Every_record_reaches_its_key_s_grain_in_order_and_lag_reaches_zero(string broker)
    {
        await using var cluster = new KafkaCluster(await brokers.GetAsync(broker));
        await cluster.CreateTopicAsync();
        for (var i = 0; i < 2000; i++)
        {
            cluster.Produce($"user-{i % 100}", $"{i}");
        }

        cluster.Flush();
        await cluster.StartAsync();
        await Eventually.True(() => cluster.Deliveries.Distinct == 2000, "2000 records to arrive");
        await Eventually.True(() => cluster.IsDrained, "lag to reach 0");

        Assert.Equal(100, cluster.Deliveries.Keys.Count());
        foreach (var key in cluster.Deliveries.Keys)
        {
            var values = cluster.Deliveries.Of(key).Select(r => int.Parse(Encoding.UTF8.GetString(r.Value!), null)).ToList();
            Assert.Equal(values.Order(), values);
        }

        Assert.True(cluster.Deliveries.Largest > 1, "deliveries should be coalesced");
    }

    [Theory, MemberData(nameof(Brokers.All), MemberType = typeof(Brokers))]
    public async Task A_restart_goes_on_at_the_checkpoint_without_loss(string broker)
    {
        await using var cluster = new KafkaCluster(await brokers.GetAsync(broker));
        await cluster.CreateTopicAsync();
        await cluster.StartAsync();
        for (var round = 1; round <= 3; round++)
        {
            for (var i = 0; i < 300; i++)
            {
                cluster.Produce($"user-{i % 20}", $"{i}");
            }

            cluster.Flush();
            var expected = round * 300;
            var enough = round * 300 - 150;
            await Eventually.True(() => cluster.Deliveries.Distinct >= enough, $"{enough} records to arrive");
            await cluster.StopAsync();
            await cluster.StartAsync();
            await Eventually.True(() => cluster.Deliveries.Distinct == expected, $"{expected} records to arrive after a restart");
        }

        await Eventually.True(() => cluster.IsDrained, "lag to reach 0");

        // The stored checkpoint trails the position by up to the checkpoint's interval.
        long? Stored() => cluster.Partitions.Sum(p => cluster.Checkpoints.NextOffset(KafkaCluster.Provider, cluster.Topic, p.Partition));
        await Eventually.True(() => Stored() >= 900, "the checkpoints to cover all 900 records");
        Assert.Equal(900, Stored());
    }

    [Theory, MemberData(nameof(Brokers.All), MemberType = typeof(Brokers))]
    public async Task A_grain_that_throws_is_handed_its_records_again_while_other_keys_go_on(string broker)
    {
        await using var cluster = new KafkaCluster(await brokers.GetAsync(broker));
        await cluster.CreateTopicAsync(1);
        var refuse = true;
        cluster.Deliveries.OnBatch = (key, _) => key == "bad" && refuse ? throw new InvalidOperationException("not today") : Task.CompletedTask;
        await cluster.StartAsync(configure: o => o.MaxDeliveryTime = TimeSpan.FromMilliseconds(300));
        cluster.Produce("bad", "1");
        cluster.Produce("bad", "2");
        for (var i = 0; i < 200; i++)
        {
            cluster.Produce($"good-{i % 10}", $"{i}");
        }

        cluster.Flush();
        await Eventually.True(() => cluster.Deliveries.Distinct == 200, "the good keys to go on");
        await Eventually.True(() => cluster.Partitions.Single() is { FailingStreams: 1, Redeliveries: > 1 }, "the bad key to be presented again");
        Assert.Equal(0, cluster.Partitions.Single().Position);
        refuse = false;
        await Eventually.True(() => cluster.IsDrained, "lag to reach 0");
        Assert.Equal(["1", "2"], cluster.Deliveries.Of("bad").Select(r => Encoding.UTF8.GetString(r.Value!)));
        Assert.Equal(0, cluster.Partitions.Single().FailingStreams);
    }

    [Theory, MemberData(nameof(Brokers.All), MemberType = typeof(Brokers))]
    public async Task One_stalled_key_pauses_its_partition_only_past_the_limit_and_says_so(string broker)
    {
        await using var cluster = new KafkaCluster(await brokers.GetAsync(broker));
        await cluster.CreateTopicAsync(1);
        var release = new TaskCompletionSource();
        cluster.Deliveries.OnBatch = (key, _) => key == "stalled" ? release.Task : Task.CompletedTask;
        await cluster.StartAsync(configure: o => (o.MaxOutstandingRecords, o.MaxOffsetSpan) = (500, 1000));
        cluster.Produce("stalled");
        for (var i = 0; i < 5000; i++)
        {
            cluster.Produce($"user-{i % 50}", $"{i}");
        }

        cluster.Flush();
        await Eventually.True(() => cluster.Deliveries.Distinct == 999, "the other keys to go on up to the span's limit");
        await Eventually.True(() => cluster.Partitions.Single().Paused, "the partition to pause");
        var paused = cluster.Partitions.Single();
        Assert.Equal(0, paused.Position);
        Assert.InRange(paused.Outstanding, 1, 500);
        release.SetResult();
        await Eventually.True(() => cluster.Deliveries.Distinct == 5001, "everything to arrive");
        await Eventually.True(() => cluster.IsDrained, "lag to reach 0");
    }

    [Theory, MemberData(nameof(Brokers.All), MemberType = typeof(Brokers))]
    public async Task Records_without_a_usable_key_are_handed_to_their_handler_until_it_succeeds(string broker)
    {
        await using var cluster = new KafkaCluster(await brokers.GetAsync(broker));
        await cluster.CreateTopicAsync(1);
        cluster.Unroutables.FailFirst = 2;
        await cluster.StartAsync();
        cluster.Produce(null, "no key");
        cluster.ProduceBytes([0xff, 0xfe], "not text");
        cluster.Produce(new string('k', 201), "too long");
        cluster.Produce("ok");
        cluster.Flush();
        await Eventually.True(() => cluster.IsDrained && cluster.Deliveries.Distinct == 1, "lag to reach 0");
        Assert.Equal(
            [KafkaUnroutableReason.NoKey, KafkaUnroutableReason.KeyNotText, KafkaUnroutableReason.KeyTooLong],
            cluster.Unroutables.Handled.Select(h => h.Reason));
        Assert.Equal([null, [0xff, 0xfe], null], cluster.Unroutables.Handled.Select(h => h.Record.BinaryKey));
    }

    [Theory, MemberData(nameof(Brokers.All), MemberType = typeof(Brokers))]
    public async Task A_stream_that_no_grain_subscribes_to_is_passed_over_and_counted(string broker)
    {
        await using var cluster = new KafkaCluster(await brokers.GetAsync(broker));
        await cluster.CreateTopicAsync(1);
        await cluster.StartAsync(subscribe: _ => { });
        for (var i = 0; i < 50; i++)
        {
            cluster.Produce($"user-{i % 7}");
        }

        cluster.Flush();
        await Eventually.True(() => cluster.IsDrained && cluster.Partitions.Single().Unsubscribed == 50, "50 records to be passed over");
        Assert.Equal(0, cluster.Deliveries.Distinct);
    }

    [Theory, MemberData(nameof(Brokers.All), MemberType = typeof(Brokers))]
    public async Task A_grain_that_attaches_no_observer_loses_nothing(string broker)
    {
        await using var cluster = new KafkaCluster(await brokers.GetAsync(broker));
        await cluster.CreateTopicAsync(1);
        await cluster.StartAsync(
            configure: o => o.MaxDeliveryTime = TimeSpan.FromMilliseconds(200), subscribe: s => s.AddKafkaImplicitSubscription<DeafGrain>(KafkaCluster.Stream));
        cluster.Produce("k");
        cluster.Flush();
        await Eventually.True(() => cluster.Partitions.SingleOrDefault() is { Redeliveries: > 1, Position: 0, Lag: 1 }, "the record to be presented again");
    }

    [Theory, MemberData(nameof(Brokers.All), MemberType = typeof(Brokers))]
    public async Task Two_silos_share_the_partitions_and_one_takes_over_when_the_other_leaves(string broker)
    {
        await using var cluster = new KafkaCluster(await brokers.GetAsync(broker));
        await cluster.CreateTopicAsync(4);
        await cluster.StartAsync(silos: 2);
        await Eventually.True(() => Owned(cluster).SequenceEqual([2, 2]), "each silo to own two partitions");
        for (var i = 0; i < 500; i++)
        {
            cluster.Produce($"user-{i % 50}", $"{i}");
        }

        cluster.Flush();
        await Eventually.True(() => cluster.Deliveries.Distinct == 500, "500 records to arrive");
        await cluster.Silos.StopSiloAsync(cluster.Silos.Silos[1]);
        for (var i = 0; i < 500; i++)
        {
            cluster.Produce($"user-{i % 50}", $"{i}");
        }

        cluster.Flush();
        await Eventually.True(() => cluster.Deliveries.Distinct == 1000, "the rest to arrive at the silo that is left");
        await Eventually.True(() => Owned(cluster).SequenceEqual([4]) && cluster.IsDrained, "one silo to own four partitions, drained");
    }

    [Theory, MemberData(nameof(Brokers.All), MemberType = typeof(Brokers))]
    public async Task Grains_and_clients_publish_what_other_grains_receive(string broker)
    {
        await using var cluster = new KafkaCluster(await brokers.GetAsync(broker));
        await cluster.CreateTopicAsync();
        await cluster.StartAsync();
        var stream = cluster.Silos.Client.GetStreamProvider(KafkaCluster.Provider).GetStream<KafkaMessage>(StreamId.Create(KafkaCluster.Stream, "me"));
        using var activity = new System.Diagnostics.Activity("publishing").SetIdFormat(System.Diagnostics.ActivityIdFormat.W3C).Start();
        await stream.OnNextAsync(new KafkaMessage { Value = [1], Headers = [new("h", [7])] });
        await stream.OnNextAsync(new KafkaMessage { Value = null });
        await cluster.Silos.Client.GetStreamProvider(KafkaCluster.Provider).GetStream<byte[]>(StreamId.Create(KafkaCluster.Stream, "you")).OnNextAsync([2]);
        await cluster.Silos.Client.GetGrain<IPublishingGrain>("me").Publish([3]);
        await Eventually.True(() => cluster.Deliveries.Distinct == 4, "four records to arrive");
        var records = cluster.Deliveries.Of("me");
        Assert.Equal([1], records[0].Value!);
        Assert.Equal([7], records[0].Headers.Single(h => h.Key == "h").Value);
        Assert.Equal(activity.Id, Encoding.ASCII.GetString(records[0].Headers.Single(h => h.Key == "traceparent").Value));
        Assert.Null(records[1].Value);
        Assert.Equal([3], records[2].Value!);
        Assert.Equal([2], cluster.Deliveries.Of("you").Single().Value!);
    }

    private static IEnumerable<int> Owned(KafkaCluster cluster) =>
        cluster.Silos.Silos.Select(s => ((IKafkaStreamsStatus)cluster.Silos.GetSiloServiceProvider(s.SiloAddress).GetService(typeof(IKafkaStreamsStatus))!).Partitions.Count);
}

using AppHost.Kafka;
using Confluent.Kafka;
using EventPlatform.DeadLetters;
using EventPlatform.Hosting;
using EventPlatform.Jobs;
using EventStore.DeadLetters;
using Npgsql;
using Orleans.Core.Internal;
using Orleans.Runtime.Placement;
using Orleans.Streams.Kafka;
using SchemaRegistry;
using SchemaRegistry.Registries;
using StreamJobs;
using StreamJobs.Checkpoints;
using StreamJobs.Lake;
using StreamJobs.Running;
using Testing;
using Testing.Kafka;
using Testing.Postgres;

namespace EventPlatform.Tests;

/// <summary>Jobs on a real broker and database: grains, checkpoints, merging, results in a table and a topic.</summary>
public sealed class JobTests(KafkaBrokers brokers, PostgresServer postgres)
{
    private static string[] LakeRows(PlatformCluster cluster) => [.. LakeFiles.Of(cluster.Lake).SelectMany(LakeFiles.Read)
        .Select(r => $"{r[0]} {new DateTimeOffset((DateTime)r[1]!, TimeSpan.Zero).ToUnixTimeMilliseconds()} {r[4]} {r[5]:0}").Order(StringComparer.Ordinal)];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory, BrokerData]
    public async Task Results_are_exact_in_table_and_topic_although_the_silo_was_replaced_on_the_way(BrokerKind kind)
    {
        var broker = await brokers.GetAsync(kind);
        await using var cluster = await PlatformCluster.StartAsync(broker, postgres, jobs: true);
        await SendAsync(cluster, 0, 200);
        await Eventually.Async(() => TakenAsync(cluster, OrderJobs.PerHour), n => n > 0, Patience, "the job has taken records");
        await SendAsync(cluster, 200, 400);
        await cluster.RestartAsync();
        await SendAsync(cluster, 400, 600);
        await Eventually.Async(() => TakenAsync(cluster, OrderJobs.PerHour), n => n == 600, Patience, "the job has taken everything");

        foreach (var job in new[] { OrderJobs.PerHour, OrderJobs.PerOrder })
            await cluster.Service<JobControls>().SetAsync(job, JobState.Draining, "test");
        var expected = Enumerable.Range(0, 600).GroupBy(i => (Hour: i / 60, Type: TypeOf(i)))
            .Select(g => $"{g.Key.Type} {Noon.AddHours(g.Key.Hour).ToUnixTimeMilliseconds()} {g.Count()} {g.Sum(AmountOf)}").Order(StringComparer.Ordinal).ToArray();
        var rows = await Eventually.Async(
            () => ResultsAsync(cluster, OrderJobs.PerHour), r => r.Count == expected.Length && r.All(x => x.IsFinal), Patience, "every window is final");
        Assert.Equal(
            expected,
            rows.Select(r => $"{r.Key} {r.StartMs} {r.Value.GetProperty("c")} {r.Value.GetProperty("total").GetDecimal():0}").Order(StringComparer.Ordinal));
        Assert.All(rows, r => Assert.Equal(0, r.Revision));
        await Eventually.Async(() => Task.FromResult(LakeRows(cluster)), r => r.Length >= expected.Length, Patience, "the lake has every window");
        var next = new LakeWriter(OrderJobs.PerHour, cluster.Service<JobServices>());
        await next.OpenAsync(default);
        await next.RunAsync(default);
        Assert.Equal(expected, LakeRows(cluster));

        // By the clock it is chance which window counts a record, but one does, and no window waits for a next record.
        await Eventually.Async(
            () => ResultsAsync(cluster, OrderJobs.PerSecond), r => r.Sum(x => x.Value.GetProperty("c").GetInt64()) >= 600 && r.All(x => x.IsFinal), Patience, "the clock has passed every record");
        Assert.Equal(600, (await ResultsAsync(cluster, OrderJobs.PerSecond)).Sum(x => x.Value.GetProperty("c").GetInt64()));

        // Records whose amount is 13 make the second job's code throw: nothing of them is counted, and each is a dead letter in its name.
        // Its partitions are drained one after the other.
        var bad = Enumerable.Range(0, 600).Count(i => AmountOf(i) == 13);
        await Eventually.Async(
            () => ResultsAsync(cluster, OrderJobs.PerOrder), r => r.All(x => x.IsFinal) && r.Sum(x => x.Value.GetProperty("c").GetInt64()) == 600 - bad,
            Patience, $"the other job is drained, and has counted {600 - bad}");
        var letters = await cluster.Service<IDeadLetterStore>().ListAsync(new DeadLetterFilter(), null, 500);
        Assert.Equal(bad, letters.Count(l => l.Letter is { Consumer: "job/per-order", Kind: DeadLetterKind.JobFailed }));

        // Its aggregate has the record already: sending it there again would end the letter although the job never counted it.
        Assert.Equal(ReprocessResult.StillBad, (await cluster.Service<DeadLetterDesk>().ReprocessAsync(letters[0].Id, "test", null, default)).Result);

        // The emulator shows its readers transactions that were aborted too; there, a result that was sent again after a failure is seen twice.
        var counts = await CountsAsync(broker, $"{cluster.Topic}-counts", expected.Length);
        Assert.Equal(expected.Select(e => e[..e.LastIndexOf(' ')]), kind == BrokerKind.Emulator ? counts.Distinct() : counts);
    }

    [Theory, BrokerData]
    public async Task A_job_that_is_resumed_while_records_come_misses_none(BrokerKind kind)
    {
        await using var cluster = await PlatformCluster.StartAsync(await brokers.GetAsync(kind), postgres, jobs: true);
        var (controls, sent) = (cluster.Service<JobControls>(), 0);
        for (var round = 0; round < 3; round++)
        {
            await controls.SetAsync(OrderJobs.PerOrder, JobState.Paused, "test");
            do // until it is paused on both partitions, which silos do within a second
            {
                await SendAsync(cluster, sent, sent += 20);
                await Eventually.Async(() => TakenAsync(cluster, OrderJobs.PerHour), n => n == sent, Patience, "the other job has taken everything");
            }
            while (await TakenAsync(cluster, OrderJobs.PerOrder) > sent - 20);

            await controls.SetAsync(OrderJobs.PerOrder, JobState.Running, "test");
            for (var until = DateTimeOffset.UtcNow.AddSeconds(1.5); DateTimeOffset.UtcNow < until;)
                await SendAsync(cluster, sent, sent += 1);
            await Eventually.Async(() => TakenAsync(cluster, OrderJobs.PerOrder), n => n == sent, Patience, $"all {sent} are taken");
        }
    }

    [Theory, BrokerData]
    public async Task A_job_that_is_stopped_or_cancelled_and_started_again_has_counted_every_record_once(BrokerKind kind)
    {
        await using var cluster = await PlatformCluster.StartAsync(await brokers.GetAsync(kind), postgres, jobs: true);
        var (controls, job) = (cluster.Service<JobControls>(), OrderJobs.PerHour);
        await SendAsync(cluster, 0, 130);
        await Eventually.Async(() => TakenAsync(cluster, job), n => n == 130, Patience, "the job has taken everything");
        Assert.Null(await controls.StopAsync(job, "test"));
        await SendWhileAwayAsync(130, 260);
        Assert.Equal(130, await TakenAsync(cluster, job));

        Assert.Null(await StartAsync());
        await SendAsync(cluster, 260, 300);
        await Eventually.Async(() => TakenAsync(cluster, job), n => n == 300, Patience, "the job has taken what came while it was stopped");
        var before = await Eventually.Async(() => ResultsAsync(cluster, job), r => r.Count == 8, Patience, "four hours are closed, of both types");

        await controls.CancelAsync(job, "test");
        await SendWhileAwayAsync(300, 361);
        Assert.Equal(before.Count, (await ResultsAsync(cluster, job)).Count);
        Assert.Null(await StartAsync());
        await Eventually.Async(() => TakenAsync(cluster, job), n => n == 361, Patience, "the job has taken everything, from the beginning");
        Assert.Null(await controls.SetAsync(job, JobState.Draining, "test"));
        var expected = Enumerable.Range(0, 361).GroupBy(i => (Hour: i / 60, Type: TypeOf(i)))
            .Select(g => $"{g.Key.Type} {Noon.AddHours(g.Key.Hour).ToUnixTimeMilliseconds()} {g.Count()} {g.Sum(AmountOf)}").Order(StringComparer.Ordinal).ToArray();
        await Eventually.Async(() => Task.FromResult(LakeRows(cluster)), r => r.Length >= expected.Length, Patience, "every window is final, and in the lake");
        Assert.Equal(expected, LakeRows(cluster));
        Assert.Equal(expected, (await ResultsAsync(cluster, job)).Select(r => $"{r.Key} {r.StartMs} {r.Value.GetProperty("c")} {r.Value.GetProperty("total").GetDecimal():0}").Order(StringComparer.Ordinal));

        Task<JobRefusal?> StartAsync() => controls.StartAsync(job, new Dictionary<int, long> { [0] = 0, [1] = 0 }, "test");

        async Task SendWhileAwayAsync(int from, int to)
        {
            await SendAsync(cluster, from, to);
            await Eventually.Async(() => TakenAsync(cluster, OrderJobs.PerOrder), n => n == to, Patience, "another job has taken everything");
        }
    }

    [Theory, BrokerData]
    public async Task A_record_without_a_key_is_a_dead_letter_of_its_aggregate_and_of_a_job_where_there_is_none(BrokerKind kind)
    {
        var broker = await brokers.GetAsync(kind);
        await using (var withAggregate = await PlatformCluster.StartAsync(broker, postgres, jobs: true))
            Assert.DoesNotContain("job/", await ConsumerAsync(withAggregate), StringComparison.Ordinal);
        await using var alone = await PlatformCluster.StartJobsAloneAsync(broker, postgres);
        Assert.Equal("job/per-order", await ConsumerAsync(alone));

        static async Task<string> ConsumerAsync(PlatformCluster cluster)
        {
            await SendAsync(cluster, 0, 1);
            foreach (var key in new[] { null, "" })
                await cluster.SendAsync(key, cluster.Encode(new OrderRecord { EventId = Guid.NewGuid().ToString(), OrderId = "o0", Type = OrderType.Place, At = Noon }));
            await Eventually.Async(() => TakenAsync(cluster, OrderJobs.PerOrder), n => n == 3, Patience, "the job has taken all");
            var letters = await Eventually.Async(
                async () => await cluster.Service<IDeadLetterStore>().ListAsync(new DeadLetterFilter(), null, 500), l => l.Count > 1, Patience, "there are dead letters");
            Assert.Equal(2, letters.Count);
            return Assert.Single(letters.Select(l => l.Letter.Consumer).Distinct());
        }
    }

    [Theory, BrokerData]
    public async Task An_application_of_jobs_alone_runs_and_reads_its_topic_once(BrokerKind kind)
    {
        await using var cluster = await PlatformCluster.StartJobsAloneAsync(await brokers.GetAsync(kind), postgres);
        await SendAsync(cluster, 0, 50);
        await Eventually.Async(() => TakenAsync(cluster, OrderJobs.PerHour), n => n == 50, Patience, "the job has taken everything");
        var partitions = cluster.Service<IKafkaStreamsStatus>().Partitions;
        Assert.NotEmpty(partitions);
        Assert.DoesNotContain(partitions, p => p.Provider == PlatformHosting.StreamProvider);
    }

    [Fact]
    public async Task A_silo_whose_first_look_at_the_jobs_tables_is_cut_off_looks_again()
    {
        await using var cluster = await PlatformCluster.StartJobsAloneAsync(await brokers.GetAsync(BrokerKind.Emulator), postgres);
        await using var database = NpgsqlDataSource.Create(cluster.Database);
        await using var holder = await database.OpenConnectionAsync();
        const string turn = "hashtextextended('streaming stream jobs', 0)";
        await new NpgsqlCommand($"select pg_advisory_lock({turn})", holder).ExecuteNonQueryAsync();

        var restarting = cluster.RestartAsync();
        await Eventually.Async(
            async () => (long)(await database.CreateCommand("""
                select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and wait_event = 'advisory'
                """).ExecuteScalarAsync())!,
            n => n > 0, Patience, "the silo waits for its turn");
        await new NpgsqlCommand($"select pg_advisory_unlock({turn})", holder).ExecuteNonQueryAsync();
        await restarting;

        await SendAsync(cluster, 0, 1);
        await Eventually.Async(() => TakenAsync(cluster, OrderJobs.PerHour), n => n == 1, Patience, "the job takes records");
    }

    [Theory, BrokerData]
    public async Task A_job_that_has_taken_everything_says_so_although_transactions_end_behind_it_and_its_silo_was_replaced(BrokerKind kind)
    {
        var broker = await brokers.GetAsync(kind);
        await using var cluster = await PlatformCluster.StartAsync(broker, postgres, jobs: true);
        using (var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = broker.BootstrapServers, TransactionalId = cluster.Topic }).SetLogHandler((_, _) => { }).Build())
        {
            producer.InitTransactions(Patience);
            for (var i = 0; i < 8; i++)
            {
                producer.BeginTransaction();
                producer.Produce(cluster.Topic, new() { Key = $"o{i}", Value = cluster.Encode(new OrderRecord { EventId = Guid.NewGuid().ToString(), OrderId = $"o{i}", Type = OrderType.Place, At = Noon }) });
                producer.CommitTransaction(Patience);
            }
        }

        await Eventually.Async(() => TakenAsync(cluster, OrderJobs.PerHour), n => n == 8, Patience, "the job has taken everything");
        await Eventually.Async(() => AtEndAsync(), atEnd => atEnd, Patience, "it says that it is at the topic's end");
        await cluster.RestartAsync();
        await Eventually.Async(() => AtEndAsync(), atEnd => atEnd, Patience, "it says so on the next silo too, where nothing comes");

        async Task<bool> AtEndAsync()
        {
            var partitions = cluster.Service<IKafkaStreamsStatus>().Partitions.Where(p => p.Provider == "kafka-jobs").ToArray();
            foreach (var partition in partitions)
            {
                var grain = cluster.Grains.GetGrain<IJobPartitionGrain>($"orders/{partition.Partition}");
                if (partition.High is not > 0 || (await grain.PositionsAsync()).GetValueOrDefault(OrderJobs.PerHour.Name, -1) != partition.High)
                    return false;
            }

            return partitions.Length == 2;
        }
    }

    [Theory, BrokerData]
    public async Task The_jobs_of_a_partition_come_back_to_the_silo_that_reads_it_from_one_that_does_not(BrokerKind kind)
    {
        await using var cluster = await PlatformCluster.StartJobsAloneAsync(await brokers.GetAsync(kind), postgres, silos: 2);
        var (reader, partition) = await Eventually.Async(
            () => Task.FromResult(ReaderOf(0)), r => r.Partition is { Position: >= 0 }, Patience, "the first silo reads a partition");
        var grain = cluster.Service<IGrainFactory>(reader).GetGrain<IJobPartitionGrain>($"orders/{partition!.Partition}");
        await Eventually.Async(grain.PositionsAsync, p => p.Count > 0, Patience, "its jobs run there");

        // A question from elsewhere meets no grain, and makes one where it was asked: from now on the reader's silo believes that it lives there.
        var elsewhere = cluster.Service<ILocalSiloDetails>(1 - reader).SiloAddress;
        await Eventually.Async(
            async () =>
            {
                await grain.Cast<IGrainManagementExtension>().DeactivateOnIdle();
                RequestContext.Set(IPlacementDirector.PlacementHintKey, elsewhere);
                return await grain.PositionsAsync();
            },
            p => p.Count == 0, Patience, "it was asked elsewhere");

        await Eventually.Async(grain.PositionsAsync, p => p.Count > 0, Patience, "its jobs run beside its reader again");

        (int Silo, KafkaPartitionStatus? Partition) ReaderOf(int silo) =>
            (silo, cluster.Service<IKafkaStreamsStatus>(silo).Partitions.FirstOrDefault(p => p.Provider == "kafka-jobs"));
    }

    private static async Task SendAsync(PlatformCluster cluster, int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            await cluster.SendAsync(new OrderRecord
            {
                EventId = Guid.NewGuid().ToString(),
                OrderId = $"o{i % 7}",
                Type = i % 3 == 0 ? OrderType.Cancel : OrderType.Place,
                Amount = AmountOf(i),
                At = Noon.AddMinutes(i),
            });
        }
    }

    private static string TypeOf(int i) => i % 3 == 0 ? "CANCEL" : "PLACE";

    private static decimal AmountOf(int i) => i % 31;

    private static async Task<long> TakenAsync(PlatformCluster cluster, Job job) =>
        (await cluster.Service<JobCatalog>().PartitionsAsync(job.Name)).Sum(p => p.Records);

    private static Task<List<StoredResult>> ResultsAsync(PlatformCluster cluster, Job job) =>
        cluster.Service<JobCatalog>().ResultsAsync(job, new ResultQuery(null, null, null, null, null), 1000);

    /// <summary>What a reader of committed records finds in the topic: at least so many, and what else comes in the second after.</summary>
    private static async Task<string[]> CountsAsync(IKafkaBroker broker, string topic, int expected)
    {
        using var consumer = new ConsumerBuilder<string, byte[]>(new ConsumerConfig
        {
            BootstrapServers = broker.BootstrapServers,
            GroupId = "reader",
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnableAutoCommit = false,
            FetchWaitMaxMs = 10,
        }).SetLogHandler((_, _) => { }).Build();
        consumer.Assign(new TopicPartitionOffset(topic, 0, Offset.Beginning));
        var decoder = new AvroRecordDecoder<OrderCount>(new OneSchema());
        var found = new List<string>();
        var until = DateTime.UtcNow + Patience;
        while (DateTime.UtcNow < until)
        {
            var result = await Task.Run(() => consumer.Consume(TimeSpan.FromSeconds(1)));
            if (result is not null)
            {
                var count = await decoder.DecodeAsync(result.Message.Value);
                Assert.Equal($"{count.Type}|{count.Hour.ToUnixTimeMilliseconds()}", result.Message.Key);
                found.Add($"{count.Type} {count.Hour.ToUnixTimeMilliseconds()} {count.Count}");
            }
            else if (found.Count >= expected)
            {
                break;
            }
        }

        return [.. found.Order(StringComparer.Ordinal)];
    }

    private sealed class OneSchema : ISchemaRegistry
    {
        public ValueTask<string> GetByIdAsync(int id, CancellationToken cancellationToken = default) => ValueTask.FromResult(OrderJobs.CountSchema);

        public ValueTask<RegisteredSchema> RegisterAsync(string subject, string schema, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public ValueTask<IReadOnlyList<RegisteredSchema>> ListAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}

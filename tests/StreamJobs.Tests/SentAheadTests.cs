using AppHost.Kafka;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using StreamJobs.Checkpoints;
using StreamJobs.Running;
using StreamJobs.Sinks;
using Testing;
using Testing.Kafka;
using Testing.Postgres;

namespace StreamJobs.Tests;

/// <summary>Results go to their topic while the checkpoint that they belong to is being written, and are seen when it is.</summary>
public sealed class SentAheadTests(KafkaBrokers brokers, PostgresServer postgres)
{
    private const string UncommittedIsShown = "its readers see transactions that have not ended, or were aborted";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory, BrokerData(NotOnEmulatorBecause = UncommittedIsShown)]
    public async Task Results_are_in_the_topic_before_their_checkpoint_is_written_and_seen_only_after_and_a_slow_database_holds_up_no_reader(BrokerKind kind)
    {
        await using var world = await SinkWorld.StartAsync(await brokers.GetAsync(kind), await brokers.CreateTopicAsync(kind, 1), postgres);
        await using (await world.LockAsync())
        {
            var writing = world.Writer.WriteAsync(world.Checkpoint(1), [], DateTimeOffset.UtcNow);
            await Eventually.Async(() => Task.FromResult(world.Read(IsolationLevel.ReadUncommitted)), r => r.Count == 1, Patience, "the result is in the topic");
            Assert.Empty(world.Read(IsolationLevel.ReadCommitted));

            // A database that takes its time holds up nobody else.
            world.SendOther();
            await Eventually.Async(() => Task.FromResult(world.Read(IsolationLevel.ReadCommitted)), r => r.Contains("other"), Patience, "another's record is seen");
            Assert.False(writing.IsCompleted);
            world.Writing = writing;
        }

        await world.Writing;
        Assert.Equal(["other", "1"], world.Read(IsolationLevel.ReadCommitted));
    }

    [Theory, BrokerData(NotOnEmulatorBecause = UncommittedIsShown)]
    public async Task Results_of_a_checkpoint_that_is_refused_because_there_is_another_owner_are_never_seen_and_hold_up_no_reader(BrokerKind kind)
    {
        await using var world = await SinkWorld.StartAsync(await brokers.GetAsync(kind), await brokers.CreateTopicAsync(kind, 1), postgres);
        await world.Store.TakeOverAsync("visits", "one", 0, [PartitionWorld.Counts], 0, default);
        await world.Writer.WriteAsync(world.Checkpoint(1), [], DateTimeOffset.UtcNow);
        Assert.True(world.Writer.IsFenced);
        Assert.Equal(["1"], world.Read(IsolationLevel.ReadUncommitted));
        world.SendOther();
        Assert.Equal(["other"], world.Read(IsolationLevel.ReadCommitted));
    }

    [Theory, BrokerData(NotOnEmulatorBecause = UncommittedIsShown)]
    public async Task While_a_checkpoint_cannot_be_written_its_results_hold_up_no_reader_and_afterwards_they_are_seen_once(BrokerKind kind)
    {
        await using var world = await SinkWorld.StartAsync(await brokers.GetAsync(kind), await brokers.CreateTopicAsync(kind, 1), postgres);
        world.FailingFaults = 3;
        var writing = world.Writer.WriteAsync(world.Checkpoint(1), [world.Fault()], DateTimeOffset.UtcNow);
        await Eventually.Async(() => Task.FromResult(world.FailingFaults), n => n < 3, Patience, "the first try has failed");
        world.SendOther();
        await Eventually.Async(() => Task.FromResult(world.Read(IsolationLevel.ReadCommitted)), r => r.Contains("other"), Patience, "another's record is seen");
        world.FailingFaults = 0;
        await writing;
        await world.Writer.WriteAsync(world.Checkpoint(2), [], DateTimeOffset.UtcNow);
        Assert.Equal(["other", "1", "2"], world.Read(IsolationLevel.ReadCommitted));
    }

    [Theory, BrokerData]
    public async Task No_record_is_sent_by_a_thread_that_grains_need(BrokerKind kind)
    {
        await using var world = await SinkWorld.StartAsync(await brokers.GetAsync(kind), await brokers.CreateTopicAsync(kind, 1), postgres);
        await world.Writer.WriteAsync(world.Checkpoint(1), [], DateTimeOffset.UtcNow);
        world.FailingFaults = 1; // what was sent ahead is taken back, and sent afterwards
        await world.Writer.WriteAsync(world.Checkpoint(2), [world.Fault()], DateTimeOffset.UtcNow);
        Assert.Equal([false], world.SentByPool.Distinct());
        Assert.True(world.SentByPool.Count >= 6);
    }

    /// <summary>A partition's checkpoints, a topic and a database; the clock of retries is real.</summary>
    private sealed class SinkWorld : IAsyncDisposable, IJobFaults
    {
        private readonly PartitionWorld _world;
        private readonly IKafkaBroker _broker;
        private readonly string _topic;
        private readonly long _epoch;

        private SinkWorld(PartitionWorld world, IKafkaBroker broker, string topic, long epoch)
        {
            (_world, _broker, _topic, _epoch) = (world, broker, topic, epoch);
            var services = world.Services() with
            {
                Faults = this,
                Sinks = new TopicConnection(broker.BootstrapServers, new Dictionary<string, string>(), Name, topic),
            };
            var sender = new OutboxSender("visits/0", services.Sinks, NullLogger.Instance);
            sender.TakeOver(0, []);
            Writer = new(services, sender);

            string Name(string logical)
            {
                SentByPool.Add(Thread.CurrentThread.IsThreadPoolThread);
                return topic;
            }
        }

        /// <summary>Whether it was a thread of the pool, each time that a record was sent.</summary>
        public List<bool> SentByPool { get; } = [];

        public CheckpointWriter Writer { get; }

        public JobStore Store => _world.Store;

        public Task Writing { get; set; } = Task.CompletedTask;

        public int FailingFaults { get; set; }

        public static async Task<SinkWorld> StartAsync(IKafkaBroker broker, string topic, PostgresServer postgres)
        {
            var world = await PartitionWorld.StartAsync(postgres);
            return new(world, broker, topic, (await world.Store.TakeOverAsync("visits", "one", 0, [PartitionWorld.Counts], 0, default)).Epoch);
        }

        public PartitionCheckpoint Checkpoint(int number) => new()
        {
            Topic = "visits",
            Incarnation = "one",
            Partition = 0,
            Epoch = _epoch,
            Number = number,
            Outbox = [("results", OutboxRecords.Write([new("results", $"{number}", [1])]))],
            SentUpTo = 0,
        };

        public JobFault Fault() => new("visits", "visits", "one", 0, 0, 0, "a", null, new InvalidOperationException("thirteen"));

        public ValueTask AddAsync(JobFault fault, CancellationToken cancellationToken) =>
            FailingFaults <= 0 ? ValueTask.CompletedTask : throw new TimeoutException($"the dead letters cannot be written ({FailingFaults--})");

        /// <summary>Keeps the checkpoint from being written until it is disposed of.</summary>
        public async Task<NpgsqlConnection> LockAsync()
        {
            var connection = await _world.Source.OpenConnectionAsync();
            await connection.BeginTransactionAsync();
            await using var own = new NpgsqlCommand("select from jobs.job_owners for update", connection);
            await own.ExecuteNonQueryAsync();
            return connection;
        }

        public void SendOther()
        {
            using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = _broker.BootstrapServers }).Build();
            producer.Produce(_topic, new() { Key = "other", Value = [1] });
            producer.Flush();
        }

        /// <summary>The keys of what a new reader finds.</summary>
        public List<string> Read(IsolationLevel isolation)
        {
            using var consumer = new ConsumerBuilder<string, byte[]>(new ConsumerConfig
            {
                BootstrapServers = _broker.BootstrapServers,
                GroupId = "test",
                IsolationLevel = isolation,
                EnablePartitionEof = true,
                EnableAutoCommit = false,
            }).Build();
            consumer.Assign(new TopicPartitionOffset(_topic, 0, Offset.Beginning));
            var keys = new List<string>();
            while (consumer.Consume(Patience) is { IsPartitionEOF: false } read)
                keys.Add(read.Message.Key);
            consumer.Close();
            return keys;
        }

        public async ValueTask DisposeAsync()
        {
            Writer.Stop();
            Writer.Dispose();
            await _world.DisposeAsync();
        }
    }
}

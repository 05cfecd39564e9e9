using System.Collections.Concurrent;
using AppHost.Kafka;
using Confluent.Kafka;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Streams.Core;
using Orleans.TestingHost;

namespace Orleans.Streams.Kafka.Tests.Cluster;

public sealed class ByPartitionTests(Brokers brokers)
{
    [Theory, MemberData(nameof(Brokers.All), MemberType = typeof(Brokers))]
    public async Task Chunks_arrive_in_order_and_without_gaps_whatever_fails_on_the_way(string kind)
    {
        var broker = await brokers.GetAsync(kind);
        var topic = $"chunks-{Guid.NewGuid():N}";
        await broker.CreateTopicAsync(topic, 2);
        using (var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = broker.BootstrapServers }).Build())
        {
            for (var i = 0; i < 5000; i++)
            {
                producer.Produce(new TopicPartition(topic, i % 2), new() { Key = $"k{i}", Value = $"{i}" });
            }

            producer.Flush();
        }

        var positions = new JobPositions();
        await using var cluster = await StartAsync(broker, topic, positions);
        await Eventually.True(() => positions.Records.Count == 5000, "5000 records to be processed");

        Assert.True(positions.Failures > 3, "the job should have failed on the way");
        for (var partition = 0; partition < 2; partition++)
        {
            var values = positions.Records.Where(r => r.Partition == partition).OrderBy(r => r.Offset).Select(r => r.Value).ToList();
            Assert.Equal(Enumerable.Range(0, 2500).Select(n => $"k{n * 2 + partition}={n * 2 + partition}"), values);
        }
    }

    [Theory, MemberData(nameof(Brokers.All), MemberType = typeof(Brokers))]
    public async Task A_record_that_comes_after_a_transactions_end_was_read_is_delivered(string kind)
    {
        var broker = await brokers.GetAsync(kind);
        var topic = $"chunks-{Guid.NewGuid():N}";
        await broker.CreateTopicAsync(topic, 1);
        var positions = new JobPositions { KeepsEach = true };
        await using var cluster = await StartAsync(broker, topic, positions);
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = broker.BootstrapServers, TransactionalId = topic }).Build();
        producer.InitTransactions(TimeSpan.FromSeconds(30));
        for (var i = 0; i < 20; i++)
        {
            producer.BeginTransaction();
            producer.Produce(topic, new() { Key = $"k{i}", Value = $"{i}" });
            producer.CommitTransaction();
            await Eventually.True(() => positions.Records.Count == i + 1, $"record {i} to be processed");
        }

        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"k{i}={i}"), positions.Records.OrderBy(r => r.Offset).Select(r => r.Value));
    }

    private static async Task<InProcessTestCluster> StartAsync(IKafkaBroker broker, string topic, JobPositions positions)
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton(positions);
            silo.Services.AddSingleton<IKafkaPartitionStart>(positions);
            silo.AddKafkaPartitionStreams("jobs", o =>
            {
                o.BootstrapServers = broker.BootstrapServers;
                o.Incarnation = broker.Incarnation;
                o.AddStream("chunks", topic);
                o.MetadataInterval = TimeSpan.FromMilliseconds(500);
                o.MaxChunkRecords = 100;
                o.MaxDeliveryTime = TimeSpan.FromMilliseconds(200);
            });
            silo.AddKafkaImplicitSubscription<JobGrain>("chunks");
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return cluster;
    }

    /// <summary>The jobs' own checkpoints, and what came of the records below them.</summary>
    public sealed class JobPositions : IKafkaPartitionStart
    {
        private readonly ConcurrentDictionary<int, long> _next = [];
        private int _failures;

        public ConcurrentBag<(int Partition, long Offset, string Value)> Records { get; } = [];

        public int Failures => _failures;

        /// <summary>Each chunk is kept at once.</summary>
        public bool KeepsEach { get; init; }

        public ValueTask<KafkaPartitionPosition> GetAsync(string provider, string topic, string incarnation, int partition, CancellationToken cancellationToken) =>
            new(new KafkaPartitionPosition(Next(partition)));

        public long Next(int partition) => _next.GetValueOrDefault(partition);

        public void Fail()
        {
            Interlocked.Increment(ref _failures);
            throw new InvalidOperationException("the job lost its state");
        }

        public void Commit(int partition, long next, IEnumerable<(int, long, string)> records)
        {
            foreach (var record in records)
            {
                Records.Add(record);
            }

            _next[partition] = next;
        }
    }

    public interface IJobGrain : IGrainWithStringKey
    {
    }

    /// <summary>Keeps two chunks in memory before it checkpoints them, and loses its memory now and then.</summary>
    public sealed class JobGrain(JobPositions positions) : Grain, IJobGrain, IStreamSubscriptionObserver, IAsyncObserver<KafkaChunk>
    {
        private readonly List<(int, long, string)> _pending = [];
        private long? _position;
        private int _chunks;

        public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) => handleFactory.Create<KafkaChunk>().ResumeAsync(this);

        public Task OnNextAsync(KafkaChunk chunk, StreamSequenceToken? token = null)
        {
            if (_position != chunk.StartOffset)
            {
                // What is in memory belongs to another reading: back to the checkpoint, as the provider went.
                _pending.Clear();
                _position = positions.Next(chunk.Partition);
            }

            if (_position != chunk.StartOffset)
            {
                throw new InvalidOperationException($"at {_position}, handed a chunk from {chunk.StartOffset}");
            }

            if (++_chunks % 9 == 0)
            {
                _pending.Clear();
                _position = null;
                positions.Fail();
            }

            for (var i = 0; i < chunk.Count; i++)
            {
                _pending.Add((chunk.Partition, chunk[i].Offset, $"{chunk[i].KeyText}={System.Text.Encoding.UTF8.GetString(chunk[i].Value)}"));
            }

            _position = chunk.NextOffset;
            if (_chunks % 2 == 0 || chunk.NextOffset == 2500 || positions.KeepsEach)
            {
                positions.Commit(chunk.Partition, chunk.NextOffset, _pending);
                _pending.Clear();
            }

            return Task.CompletedTask;
        }

        public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
    }
}

using Confluent.Kafka;

namespace StreamJobs.Sinks;

/// <summary>
/// Sends checkpoints' results to their topics, each checkpoint's in one Kafka transaction that also says which checkpoint it was. So after a crash it
/// is known what a read_committed reader has seen, and the rest is sent, once. A zombie's transactions are fenced by the owner's name.
/// </summary>
internal sealed class TopicSender : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly string _owner;
    private readonly TopicConnection _options;
    private readonly IConsumer<byte[], byte[]> _group;
    private IProducer<byte[], byte[]>? _producer;

    public TopicSender(string owner, TopicConnection options)
    {
        (_owner, _options) = (owner.Replace('/', '.'), options);
        _group = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(new Dictionary<string, string>(options.Client))
        {
            BootstrapServers = options.BootstrapServers,
            GroupId = GroupId,
            EnableAutoCommit = false,
        }).Build();
    }

    private string GroupId => $"{_options.Prefix}.{_owner}";

    /// <summary>Ends what a former sender of this owner has under way; it can send no more. Blocks, up to ten seconds.</summary>
    public void Fence() => Producer();

    /// <summary>The last checkpoint whose results are in the topic; null when there is none.</summary>
    /// <remarks>Blocks, up to ten seconds. Fences any other sender of this owner first, so that the answer stays true.</remarks>
    public long? LastSent(string topic)
    {
        Fence();
        var committed = _group.Committed([new TopicPartition(_options.BrokerName(topic), 0)], Patience)[0].Offset;
        return committed.IsSpecial ? null : committed.Value;
    }

    /// <summary>Sends a checkpoint's results.</summary>
    /// <remarks>Blocks until the transaction has ended. When it throws, nothing is visible, or it is not known: <see cref="LastSent"/> tells.</remarks>
    public void Send(long checkpoint, IReadOnlyList<(string Topic, byte[] Data)> outbox)
    {
        var producer = Producer();
        try
        {
            producer.BeginTransaction();
            Error? failure = null;
            foreach (var (topic, data) in outbox)
            {
                foreach (var (key, value) in OutboxRecords.Read(data))
                    Produce(producer, _options.BrokerName(topic), new() { Key = key, Value = value! }, e => failure ??= e);
            }

            producer.SendOffsetsToTransaction(
                outbox.Select(o => new TopicPartitionOffset(_options.BrokerName(o.Topic), 0, checkpoint)), _group.ConsumerGroupMetadata, Patience);
            producer.CommitTransaction(Patience);
            if (failure is not null)
                throw new KafkaException(failure);
        }
        catch
        {
            // What became of the transaction is found out by a fresh producer, which ends the former one's.
            producer.Dispose();
            _producer = null;
            throw;
        }
    }

    public void Dispose()
    {
        _producer?.Dispose();
        _group.Close();
        _group.Dispose();
    }

    private static void Produce(IProducer<byte[], byte[]> producer, string topic, Message<byte[], byte[]> message, Action<Error> onError)
    {
        while (true)
        {
            try
            {
                producer.Produce(topic, message, report =>
                {
                    if (report.Error.IsError)
                        onError(report.Error);
                });
                return;
            }
            catch (ProduceException<byte[], byte[]> e) when (e.Error.Code == Confluent.Kafka.ErrorCode.Local_QueueFull)
            {
                producer.Flush(TimeSpan.FromMilliseconds(100));
            }
        }
    }

    private IProducer<byte[], byte[]> Producer()
    {
        if (_producer is not null)
            return _producer;
        var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(new Dictionary<string, string>(_options.Client))
        {
            BootstrapServers = _options.BootstrapServers,
            TransactionalId = $"{_options.Prefix}.{_owner}",
            Partitioner = Partitioner.Murmur2Random,
            LingerMs = 5,
            CompressionType = CompressionType.Lz4,
        }).Build();
        try
        {
            producer.InitTransactions(Patience);
        }
        catch
        {
            producer.Dispose();
            throw;
        }

        return _producer = producer;
    }
}

/// <summary>How sinks reach Kafka.</summary>
/// <param name="BootstrapServers">The brokers.</param>
/// <param name="Client">Any librdkafka setting for every client.</param>
/// <param name="BrokerName">A topic's name on the broker, by its logical name.</param>
/// <param name="Prefix">What transactional ids and the groups that remember checkpoints begin with: one per installation.</param>
public sealed record TopicConnection(string BootstrapServers, IReadOnlyDictionary<string, string> Client, Func<string, string> BrokerName, string Prefix);

using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace StreamJobs.Sinks;

/// <summary>
/// Sends records to topics, in Kafka transactions that each also say how far the owner has come: a checkpoint's number, or a sequence number. So after a
/// crash it is known what a read_committed reader has seen, and the rest is sent, once. A zombie's transactions are fenced by the owner's name.
/// </summary>
/// <remarks>Not for concurrent use.</remarks>
public sealed partial class TopicSender : IDisposable
{
    /// <summary>How long librdkafka may exceed the patience it was asked for before it is taken not to come back.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private readonly string _owner;
    private readonly TopicConnection _options;
    private readonly ILogger _logger;
    private readonly IConsumer<byte[], byte[]> _group;
    private IProducer<byte[], byte[]>? _producer;
    private Outcome _outcome = new();

    /// <summary>Prepares a sender; nothing is connected before it is used.</summary>
    /// <param name="owner">Whose position it is: a stable name.</param>
    /// <param name="options">How Kafka is reached.</param>
    /// <param name="logger">What librdkafka says by itself, at the level Debug: what matters comes back as an exception.</param>
    public TopicSender(string owner, TopicConnection options, ILogger logger)
    {
        (_owner, _options, _logger) = (owner.Replace('/', '.'), options, logger);
        _group = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(new Dictionary<string, string>(options.Client))
        {
            BootstrapServers = options.BootstrapServers,
            GroupId = Id,
            EnableAutoCommit = false,
        }).SetLogHandler((_, line) => LogLibrdkafka(line.Name, line.Message)).Build();
    }

    /// <summary>How long a call waits for Kafka.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The transactional id, and the group that remembers how far the owner has come.</summary>
    private string Id => $"{_options.Prefix}.{_owner}";

    /// <summary>Ends what a former sender of this owner has under way; it can send no more. Blocks, up to ten seconds.</summary>
    public void Fence() => Producer();

    /// <summary>The last position whose records are in the topic; null when there is none.</summary>
    /// <param name="topic">The topic's logical name.</param>
    /// <remarks>Blocks, up to ten seconds. Fences any other sender of this owner first, so that the answer stays true.</remarks>
    /// <exception cref="KafkaException">It cannot be known now.</exception>
    public long? LastSent(string topic)
    {
        Fence();
        try
        {
            var committed = _group.Committed([new TopicPartition(_options.BrokerName(topic), 0)], Patience)[0].Offset;
            return committed.IsSpecial ? null : committed.Value;
        }
        catch (KafkaException e) when (e.Error.Code == Confluent.Kafka.ErrorCode.Local_TimedOut)
        {
            // The brokers answered a moment ago, and no transaction of this owner is open: it may be one whose end they have lost, as when they die between deciding on it and writing it.
            throw new KafkaException(new Error(
                e.Error.Code,
                $"Kafka does not say what group '{Id}' has committed for '{_options.BrokerName(topic)}'. If that stays so, a transaction of that id hangs: `kafka-transactions.sh find-hanging` shows it, and `abort` ends it"), e);
        }
    }

    /// <summary>Sends records, and remembers the position for each of their topics.</summary>
    /// <param name="position">How far the owner has come with them.</param>
    /// <param name="topics">The logical names of the records' topics.</param>
    /// <param name="records">The records.</param>
    /// <remarks>Blocks until the transaction has ended. When it throws, nothing is visible, or it is not known: <see cref="LastSent"/> tells.</remarks>
    public void Send(long position, IEnumerable<string> topics, IEnumerable<OutgoingRecord> records)
    {
        Prepare(position, topics, records);
        Commit();
    }

    /// <summary><see cref="LastSent"/>, beside the caller.</summary>
    public Task<long?> LastSentAsync(string topic) => OwnThread.RunAsync(() => LastSent(topic));

    /// <summary><see cref="Send"/>, beside the caller.</summary>
    public Task SendAsync(long position, IEnumerable<string> topics, IEnumerable<OutgoingRecord> records) => OwnThread.RunAsync(() => Send(position, topics, records));

    /// <summary>Sends records and their position in a transaction that stays open: no read_committed reader sees them before <see cref="Commit"/>.</summary>
    /// <remarks>Blocks until the broker has the records. An open transaction holds up the readers of its topics, so it must end soon. When it throws, none of it is ever seen: the next use ends it.</remarks>
    internal void Prepare(long position, IEnumerable<string> topics, IEnumerable<OutgoingRecord> records)
    {
        var producer = Producer();
        try
        {
            producer.BeginTransaction();
            var outcome = _outcome = new();
            foreach (var (topic, key, value, toAll) in records)
            {
                var name = _options.BrokerName(topic);
                if (!toAll)
                {
                    Produce(producer, new(name, Partition.Any), new() { Key = key, Value = value! }, outcome);
                    continue;
                }

                foreach (var partition in Partitions(producer, name))
                    Produce(producer, partition, new() { Key = key, Value = value! }, outcome);
            }

            SendOffsets(producer, [.. topics.Select(topic => new TopicPartitionOffset(_options.BrokerName(topic), 0, position))]);
            producer.Flush(Patience);
        }
        catch
        {
            Discard();
            throw;
        }
    }

    /// <summary>Ends what <see cref="Prepare"/> has begun: readers see it. When it throws, nothing is visible, or it is not known: <see cref="LastSent"/> tells.</summary>
    internal void Commit()
    {
        try
        {
            _producer!.CommitTransaction(Patience);
            if (_outcome.Failure is { } failure)
                throw new KafkaException(failure);
        }
        catch
        {
            Discard();
            throw;
        }
    }

    /// <summary>Takes back what <see cref="Prepare"/> has begun. When it throws, the broker does so in its own time.</summary>
    internal void Abort()
    {
        try
        {
            _producer!.AbortTransaction(Patience);
        }
        catch
        {
            Discard();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _producer?.Dispose();
        _group.Close();
        _group.Dispose();
    }

    /// <summary>What became of the transaction is found out by a fresh producer, which ends the former one's.</summary>
    private void Discard()
    {
        _producer?.Dispose();
        _producer = null;
    }

    /// <summary>
    /// Says the position in the transaction. librdkafka keeps no time limit here (its issue 5456): when the answer to where the group's coordinator is gets lost, as with
    /// a connection that is reset after the process has stood still, it waits for a connection to change, for ever if none does. Then the producer is left to that call, and
    /// a fresh one ends its transaction.
    /// </summary>
    private void SendOffsets(IProducer<byte[], byte[]> producer, TopicPartitionOffset[] offsets)
    {
        var call = OwnThread.RunAsync(() => producer.SendOffsetsToTransaction(offsets, _group.ConsumerGroupMetadata, Patience));
        if (Task.WaitAny([call], Patience + Grace) == 0)
        {
            call.GetAwaiter().GetResult();
            return;
        }

        _producer = null;
        _ = OwnThread.DisposeAfterAsync(call, producer);
        LogAbandoned(_owner);
        throw new KafkaException(new Error(Confluent.Kafka.ErrorCode.Local_TimedOut, "the offsets of the transaction were not taken in time, nor refused"));
    }

    private IEnumerable<TopicPartition> Partitions(IProducer<byte[], byte[]> producer, string topic)
    {
        using var admin = new DependentAdminClientBuilder(producer.Handle).Build();
        var found = admin.GetMetadata(topic, Patience).Topics.Single();
        return found.Error.IsError ? throw new KafkaException(found.Error) : found.Partitions.Select(p => new TopicPartition(topic, p.PartitionId));
    }

    private static void Produce(IProducer<byte[], byte[]> producer, TopicPartition place, Message<byte[], byte[]> message, Outcome outcome)
    {
        while (true)
        {
            try
            {
                producer.Produce(place, message, report =>
                {
                    if (report.Error.IsError)
                        outcome.Failure ??= report.Error;
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
            TransactionalId = Id,
            Partitioner = Partitioner.Murmur2Random,
            LingerMs = 5,
            CompressionType = CompressionType.Lz4,
        }).SetLogHandler((_, line) => LogLibrdkafka(line.Name, line.Message)).Build();
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

    /// <summary>What delivery reports say of one transaction; librdkafka's thread writes it, and it is read when all have come.</summary>
    private sealed class Outcome
    {
        public Error? Failure { get; set; }
    }

    [LoggerMessage(4043, LogLevel.Warning, "librdkafka does not come back from a transaction of {Owner}; a new producer ends it, and sends what is missing")]
    private partial void LogAbandoned(string owner);

    [LoggerMessage(4040, LogLevel.Debug, "librdkafka {Name}: {Line}")]
    private partial void LogLibrdkafka(string name, string line);
}

/// <summary>A record on its way to a topic.</summary>
/// <param name="Topic">The topic's logical name.</param>
/// <param name="Key">Its key.</param>
/// <param name="Value">Its value; null takes back what had the key.</param>
/// <param name="ToAll">Whether every partition of the topic gets it, not the key's alone.</param>
public readonly record struct OutgoingRecord(string Topic, byte[] Key, byte[]? Value, bool ToAll = false);

/// <summary>How sinks reach Kafka.</summary>
/// <param name="BootstrapServers">The brokers.</param>
/// <param name="Client">Any librdkafka setting for every client.</param>
/// <param name="BrokerName">A topic's name on the broker, by its logical name.</param>
/// <param name="Prefix">What transactional ids and the groups that remember checkpoints begin with: one per installation.</param>
public sealed record TopicConnection(string BootstrapServers, IReadOnlyDictionary<string, string> Client, Func<string, string> BrokerName, string Prefix);

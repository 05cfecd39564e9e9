using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using SchemaRegistry;

namespace Cli.Certificates;

/// <summary>Reads a partition from end to end, keeping nothing but the count and the digest.</summary>
internal sealed class KafkaSide(ClientConfig client) : IDisposable
{
    private const int MaxKeyLength = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TopicIdPatience = TimeSpan.FromSeconds(3);
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly IConsumer<byte[], byte[]> _consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(new ClientConfig(client))
    {
        GroupId = "audit",
        EnableAutoCommit = false,
        IsolationLevel = IsolationLevel.ReadCommitted,
        EnablePartitionEof = true,
        FetchWaitMaxMs = 10,
        QueuedMaxMessagesKbytes = 16 * 1024,
        AutoOffsetReset = AutoOffsetReset.Error,
    }).SetLogHandler((_, _) => { }).Build();

    /// <summary>The topics' ids. A broker that has none (the emulator) lets the question run out of time: then there are none.</summary>
    public async Task<IReadOnlyDictionary<string, string>> IncarnationsAsync(IEnumerable<string> topics)
    {
        using var admin = new AdminClientBuilder(client).SetLogHandler((_, _) => { }).Build();
        try
        {
            var described = await admin.DescribeTopicsAsync(
                TopicCollection.OfTopicNames(topics), new DescribeTopicsOptions { RequestTimeout = TopicIdPatience });
            return described.TopicDescriptions.Where(t => t.TopicId is not null).ToDictionary(t => t.Name, t => t.TopicId.ToString());
        }
        catch (KafkaException)
        {
            return new Dictionary<string, string>();
        }
    }

    /// <summary>The records of a range of offsets.</summary>
    /// <exception cref="InvalidOperationException">It could not be read to its end.</exception>
    public async Task<(long Read, string Digest)> ReadAsync(
        CertifiedTopic topic, int partition, long from, long to, Func<long, Task> progress, CancellationToken cancellationToken)
    {
        var (read, digest) = (0L, new TraceDigest());
        if (from < to)
            _consumer.Assign(new TopicPartitionOffset(topic.Name, partition, from));
        while (from < to)
        {
            var result = _consumer.Consume(Patience)
                ?? throw new InvalidOperationException($"{topic.Name}/{partition} could not be read to offset {to}: Kafka gave nothing for {Patience.TotalSeconds} s.");
            cancellationToken.ThrowIfCancellationRequested();
            if (result.IsPartitionEOF || result.Offset.Value >= to)
                break;
            read++;
            digest.Add(topic.Name, partition, result.Offset.Value, await EventIdAsync(topic, result.Message, cancellationToken));
            await progress(1);
            if (result.Offset.Value == to - 1)
                break;
        }

        _consumer.Unassign();
        return (read, digest.ToString());
    }

    public void Dispose()
    {
        _consumer.Close();
        _consumer.Dispose();
    }

    // A record that can belong to no aggregate has no id: nothing decodes it.
    private static async ValueTask<Guid?> EventIdAsync(CertifiedTopic topic, Message<byte[], byte[]> message, CancellationToken cancellationToken)
    {
        if (message.Value is null || !IsUsable(message.Key))
            return null;
        try
        {
            return RecordIds.OfRecord(await topic.EventIdAsync(message.Value, cancellationToken));
        }
        catch (RecordFormatException)
        {
            return null;
        }
    }

    private static bool IsUsable(byte[]? key)
    {
        try
        {
            return key is { Length: > 0 } && Strict.GetString(key).Length <= MaxKeyLength;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}

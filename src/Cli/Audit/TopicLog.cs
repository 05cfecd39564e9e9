using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Cli.Audit;

/// <summary>A topic, read again from beginning to end.</summary>
internal sealed class TopicLog : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly IConsumer<byte[], byte[]> _consumer;
    private readonly ClientConfig _client;
    private readonly Dictionary<string, string?> _incarnations = new(StringComparer.Ordinal);

    public TopicLog(ClientConfig client)
    {
        _client = client;
        _consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(new ClientConfig(client))
        {
            GroupId = "audit",
            EnableAutoCommit = false,
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnablePartitionEof = true,
            FetchWaitMaxMs = 10,
            AutoOffsetReset = AutoOffsetReset.Error,
        }).SetLogHandler((_, _) => { }).Build();
    }

    /// <summary>The topic's partitions; empty when it is not there.</summary>
    public IReadOnlyList<int> Partitions(string topic)
    {
        using var admin = new DependentAdminClientBuilder(_consumer.Handle).Build();
        var metadata = admin.GetMetadata(Patience).Topics.FirstOrDefault(t => t.Topic == topic);
        return metadata is null || metadata.Error.IsError ? [] : [.. metadata.Partitions.Select(p => p.PartitionId).Order()];
    }

    /// <summary>The topic's id, or null on a broker without topic ids.</summary>
    public async Task<string?> IncarnationAsync(string topic)
    {
        // A broker that has no ids takes long to say so, and has none of other topics either.
        if (_incarnations.ContainsValue(null))
            return null;
        if (!_incarnations.TryGetValue(topic, out var known))
            _incarnations.Add(topic, known = await AskIncarnationAsync(topic));
        return known;
    }

    /// <summary>The oldest offset, and the one after the newest.</summary>
    public (long Low, long High) Range(string topic, int partition)
    {
        var range = _consumer.QueryWatermarkOffsets(new TopicPartition(topic, partition), Patience);
        return (range.Low, range.High);
    }

    /// <summary>Reads a partition.</summary>
    /// <exception cref="InvalidOperationException">It could not be read to the end.</exception>
    public async Task<List<AuditedRecord>> ReadAsync(
        AuditedAggregate aggregate, int partition, long low, long high, CancellationToken cancellationToken)
    {
        var records = new List<AuditedRecord>();
        if (low >= high)
            return records;
        _consumer.Assign(new TopicPartitionOffset(aggregate.Topic, partition, low));
        while (true)
        {
            var result = _consumer.Consume(Patience)
                ?? throw new InvalidOperationException($"{aggregate.Topic}/{partition} could not be read to offset {high}: Kafka gave nothing for {Patience.TotalSeconds} s.");
            cancellationToken.ThrowIfCancellationRequested();
            if (result.IsPartitionEOF || result.Offset.Value >= high)
                break;
            records.Add(await aggregate.JudgeAsync(
                result.Offset.Value, Text(result.Message.Key), result.Message.Value, result.Message.Timestamp.UnixTimestampMs, cancellationToken));
            if (result.Offset.Value == high - 1)
                break;
        }

        _consumer.Unassign();
        return records;
    }

    public void Dispose()
    {
        _consumer.Close();
        _consumer.Dispose();
    }

    private async Task<string?> AskIncarnationAsync(string topic)
    {
        using var admin = new AdminClientBuilder(_client).SetLogHandler((_, _) => { }).Build();
        try
        {
            var described = await admin.DescribeTopicsAsync(TopicCollection.OfTopicNames([topic]), new DescribeTopicsOptions { RequestTimeout = Patience / 3 });
            return described.TopicDescriptions[0].TopicId?.ToString();
        }
        catch (KafkaException)
        {
            return null;
        }
    }

    private static string? Text(byte[]? key)
    {
        try
        {
            return key is null ? null : new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(key);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}

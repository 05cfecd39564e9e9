using System.Runtime.CompilerServices;
using System.Text;
using Confluent.Kafka;
using EventPlatform.Hosting;
using EventStore.Projections;
using Microsoft.Extensions.Logging;
using Orleans.Streams.Kafka;
using ErrorCode = Confluent.Kafka.ErrorCode;

namespace EventPlatform.Replay;

/// <summary>
/// Reads topics from their beginning, apart from the streams. A broker that is away is waited for; what does not pass by itself, such as a topic that is not
/// there, is an error. librdkafka's calls block, so they have threads of their own.
/// </summary>
internal sealed partial class TopicLog(KafkaSettings kafka, TimeProvider time, ILogger<TopicLog> logger)
{
    private const int MaxRecords = 2_000;
    private const long MaxBytes = 4 * 1024 * 1024;
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>How long nothing may come before it is said.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    /// <summary>A consumer of its own.</summary>
    public IConsumer<byte[], byte[]> Open()
    {
        var settings = kafka.Client.ToDictionary();
        KafkaReconnect.AddTo(settings);
        return new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(settings)
        {
            BootstrapServers = kafka.BootstrapServers,
            GroupId = $"{kafka.ConsumerGroup}-replay",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            FetchWaitMaxMs = 10, // the emulator waits this long even when it has something
            IsolationLevel = IsolationLevel.ReadCommitted,
            AutoOffsetReset = AutoOffsetReset.Error,
        }).SetLogHandler((_, line) => LogLibrdkafka(line.Message)).SetErrorHandler((_, error) => LogLibrdkafka(error.Reason)).Build();
    }

    /// <summary>Each partition's oldest offset, and that after its last record.</summary>
    /// <param name="consumer">The consumer.</param>
    /// <param name="topic">The topic's name on the broker.</param>
    /// <param name="patience">How long to wait for a broker that is away.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ProjectionException">There is no such topic, or it may not be read.</exception>
    /// <exception cref="KafkaException">The broker is away for longer than that.</exception>
    public Task<IReadOnlyList<(long Low, long High)>> RangesAsync(
        IConsumer<byte[], byte[]> consumer, string topic, TimeSpan patience, CancellationToken cancellationToken) =>
        AskAsync(topic, () => Ranges(consumer, topic), patience, cancellationToken);

    /// <summary>A partition's records from the oldest up to an end. Waits for a broker that is away, however long.</summary>
    /// <exception cref="ProjectionException">The partition cannot be read, or ends before that end.</exception>
    public async IAsyncEnumerable<KafkaRecord> RecordsAsync(
        IConsumer<byte[], byte[]> consumer, string topic, int partition, long end, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var place = new TopicPartition(topic, partition);
        Task<WatermarkOffsets> MarksAsync() => AskAsync(topic, () => Marks(consumer, place), TimeSpan.MaxValue, cancellationToken);
        var low = (await MarksAsync()).Low.Value;
        if (low >= end)
            yield break;
        consumer.Assign(new TopicPartitionOffset(place, low));
        var (heard, said) = (time.GetTimestamp(), false);
        for (var next = low; next < end;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var chunk = await OwnThread.RunAsync(() => Take(consumer, place, end));
            foreach (var record in chunk.Records)
                yield return record;
            if (chunk.EndedAt is { } ended && ended < end && (await MarksAsync()).High.Value is var high && high < end)
                throw new ProjectionException(
                    ProjectionRefusal.Conflict, $"Topic '{topic}' was cut short: partition {partition} ended at {end} when the replay began, and ends at {high} now. Start the replay again.");
            next = chunk.EndedAt ?? (chunk.Records.Count > 0 ? chunk.Records[^1].Offset + 1 : next);
            if (chunk.Records.Count > 0 || chunk.EndedAt is not null)
            {
                if (said)
                    LogGoingOn(topic);
                (heard, said) = (time.GetTimestamp(), false);
            }
            else if (!said && time.GetElapsedTime(heard) >= Silence)
            {
                LogWaiting(topic, $"nothing of partition {partition} comes from offset {next} on");
                said = true;
            }
        }

        consumer.Unassign();
    }

    private static IReadOnlyList<(long Low, long High)> Ranges(IConsumer<byte[], byte[]> consumer, string topic) =>
    [
        .. Enumerable.Range(0, Partitions(consumer, topic))
            .Select(p => consumer.QueryWatermarkOffsets(new TopicPartition(topic, p), AnswerTime)).Select(w => (w.Low.Value, w.High.Value)),
    ];

    private static WatermarkOffsets Marks(IConsumer<byte[], byte[]> consumer, TopicPartition place) => Partitions(consumer, place.Topic) > place.Partition.Value
        ? consumer.QueryWatermarkOffsets(place, AnswerTime)
        : throw new KafkaException(new Error(ErrorCode.UnknownTopicOrPart));

    /// <summary>How many partitions the topic has. It is asked for before offsets are: where there is no broker to ask, librdkafka says of a partition that it is unknown.</summary>
    private static int Partitions(IConsumer<byte[], byte[]> consumer, string topic)
    {
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var described = admin.GetMetadata(topic, AnswerTime).Topics.Single();
        if (described.Error.IsError)
            throw new KafkaException(described.Error);
        return described.Partitions.Count > 0
            ? described.Partitions.Count
            : throw new KafkaException(new Error(ErrorCode.LeaderNotAvailable, "the broker names no partition of it")); // as of one that is being created
    }

    /// <summary>Takes what comes within a moment: records below an end, up to a limit, and the offset where the partition ended meanwhile.</summary>
    private static (List<KafkaRecord> Records, long? EndedAt) Take(IConsumer<byte[], byte[]> consumer, TopicPartition place, long end)
    {
        var records = new List<KafkaRecord>();
        try
        {
            for (long bytes = 0; records.Count < MaxRecords && bytes < MaxBytes;)
            {
                var result = consumer.Consume(records.Count == 0 ? Pause : TimeSpan.Zero);
                if (result is null)
                    break;
                if (result.IsPartitionEOF || result.Offset.Value >= end)
                    return (records, result.Offset.Value);
                records.Add(Record(result));
                bytes += (result.Message.Key?.Length ?? 0) + (result.Message.Value?.Length ?? 0);
                if (result.Offset.Value == end - 1)
                    return (records, end);
            }
        }
        catch (ConsumeException e) when (KafkaOutage.Is(e.Error))
        {
            // The consumer goes on by itself where it was.
        }
        catch (ConsumeException e)
        {
            throw new ProjectionException(ProjectionRefusal.Conflict, $"Topic '{place.Topic}' cannot be read on in partition {place.Partition.Value}: {e.Error.Reason}");
        }

        return (records, null);
    }

    private static KafkaRecord Record(ConsumeResult<byte[], byte[]> result) => new()
    {
        Topic = result.Topic,
        Incarnation = "",
        Partition = result.Partition.Value,
        Offset = result.Offset.Value,
        TimestampMs = result.Message.Timestamp.UnixTimestampMs,
        Key = Text(result.Message.Key),
        Value = result.Message.Value,
    };

    private static string? Text(byte[]? key)
    {
        try
        {
            return key is { Length: > 0 } ? new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(key) : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Asks the broker until it answers, or the patience is over.</summary>
    private async Task<T> AskAsync<T>(string topic, Func<T> ask, TimeSpan patience, CancellationToken cancellationToken)
    {
        for (var (begun, said) = (time.GetTimestamp(), false); ;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                var answer = await OwnThread.RunAsync(ask);
                if (said)
                    LogGoingOn(topic);
                return answer;
            }
            catch (KafkaException e) when (!KafkaOutage.Is(e.Error))
            {
                throw e.Error.Code is ErrorCode.UnknownTopicOrPart
                    ? new ProjectionException(ProjectionRefusal.NotFound, $"The broker has no topic '{topic}': create it, or say in Kafka:Topics what it is called there.")
                    : new ProjectionException(ProjectionRefusal.Conflict, $"The broker does not say what topic '{topic}' holds: {e.Error.Reason}");
            }
            catch (KafkaException e) when (time.GetElapsedTime(begun) < patience)
            {
                if (!said)
                    LogWaiting(topic, e.Error.Reason);
                said = true;
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    [LoggerMessage(3030, LogLevel.Warning, "A replay of topic {Topic} waits for the broker (said once): {Reason}")]
    private partial void LogWaiting(string topic, string reason);

    [LoggerMessage(3031, LogLevel.Information, "The replay of topic {Topic} goes on.")]
    private partial void LogGoingOn(string topic);

    [LoggerMessage(3032, LogLevel.Debug, "{Message}")]
    private partial void LogLibrdkafka(string message);
}

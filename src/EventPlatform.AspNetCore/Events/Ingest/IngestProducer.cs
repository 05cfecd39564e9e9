using System.Diagnostics;
using System.Text;
using Confluent.Kafka;
using EventPlatform.AspNetCore.Hosting;
using EventPlatform.AspNetCore.Topics;
using Microsoft.Extensions.Options;
using Orleans.Streams.Kafka;
using ErrorCode = Confluent.Kafka.ErrorCode;

namespace EventPlatform.AspNetCore.Events.Ingest;

/// <summary>Produces as every producer of these topics must: acknowledged by all replicas, and with Java's partitioner, so that a key keeps its partition.</summary>
internal sealed partial class IngestProducer : IDisposable
{
    /// <summary>What does not pass by itself.</summary>
    private static readonly ErrorCode[] Refusals =
        [ErrorCode.MsgSizeTooLarge, ErrorCode.RecordListTooLarge, ErrorCode.InvalidRecord, ErrorCode.PolicyViolation, ErrorCode.TopicAuthorizationFailed, ErrorCode.ClusterAuthorizationFailed];

    private readonly SharedKafkaClient<IProducer<string, byte[]>> _producer;
    private readonly ApiMetrics _metrics;
    private readonly ILogger<IngestProducer> _logger;

    public IngestProducer(KafkaConnection connection, IOptions<ApiOptions> options, ApiMetrics metrics, ILogger<IngestProducer> logger)
    {
        (_metrics, _logger) = (metrics, logger);
        _producer = new(() => new ProducerBuilder<string, byte[]>(new ProducerConfig(connection.ProducerConfig())
        {
            Acks = Acks.All,
            EnableIdempotence = true,
            Partitioner = Partitioner.Murmur2Random,
            LingerMs = 2,
            MessageTimeoutMs = (int)(options.Value.RequestTimeout / 2).TotalMilliseconds, // the client looks once a second; the answer is to say why
        }).SetLogHandler((_, message) => LogClient(message.Message)).SetErrorHandler(OnError).Build());
    }

    /// <summary>Produces every record and waits for the acknowledgements. A record's result is its place on the topic, or why it has none.</summary>
    public async Task<IReadOnlyList<IngestResult>> ProduceAsync(string topic, IReadOnlyList<IngestRecord> records, CancellationToken cancellationToken)
    {
        var results = await Task.WhenAll(records.Select(r => ProduceAsync(topic, r, cancellationToken)));
        _metrics.Ingested(topic, results.Count(r => r.Error is null));
        return results;
    }

    public void Dispose() => _producer.Dispose();

    private async Task<IngestResult> ProduceAsync(string topic, IngestRecord record, CancellationToken cancellationToken)
    {
        try
        {
            var result = await _producer.CallAsync(producer => producer.ProduceAsync(topic, new Message<string, byte[]>
            {
                Key = record.Key,
                Value = record.Payload,
                Headers = Headers(),
            }, cancellationToken));
            return new IngestResult(record.EventId, topic, result.Partition.Value, result.Offset.Value, null, IsRefused: false);
        }
        catch (ProduceException<string, byte[]> e)
        {
            return new IngestResult(record.EventId, topic, null, null, e.Error.Reason, Refusals.Contains(e.Error.Code));
        }
    }

    private static Headers Headers()
    {
        var headers = new Headers();
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } trace })
            headers.Add("traceparent", Encoding.ASCII.GetBytes(trace));
        return headers;
    }

    private void OnError(IProducer<string, byte[]> producer, Error error)
    {
        LogError(error.Reason);
        if (error.IsFatal)
            _producer.Replace(producer);
    }

    [LoggerMessage(5140, LogLevel.Debug, "Kafka producer: {Message}")]
    private partial void LogClient(string message);

    [LoggerMessage(5141, LogLevel.Warning, "Kafka producer: {Reason}")]
    private partial void LogError(string reason);
}

/// <summary>Where a record lies now.</summary>
/// <param name="EventId">Its event id: ask <c>/events/{eventId}</c> what became of it.</param>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition, or absent when Kafka did not acknowledge it.</param>
/// <param name="Offset">The offset, or absent when Kafka did not acknowledge it.</param>
/// <param name="Error">Why it was not acknowledged, or absent.</param>
/// <param name="IsRefused">Whether it will not be acknowledged however often it is sent.</param>
public sealed record IngestResult(string EventId, string Topic, int? Partition, long? Offset, string? Error, bool IsRefused);

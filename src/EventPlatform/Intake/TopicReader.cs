using System.Text;
using EventPlatform.Topics;
using EventStore;
using EventStore.Aggregates;
using EventStore.DeadLetters;
using Microsoft.Extensions.Options;
using Orleans.Streams.Kafka;
using SchemaRegistry;

namespace EventPlatform.Intake;

/// <summary>
/// Turns a topic's raw records into what an aggregate takes. A record that cannot be used becomes one with a fault: it is the aggregate's
/// grain that writes the dead letter, in the transaction that moves its position past it. A registry that cannot be reached is an outage,
/// not a fault, and throws.
/// </summary>
/// <typeparam name="TRecord">The topic's record type.</typeparam>
public sealed class TopicReader<TRecord>(TopicDefinition<TRecord> topic, IRecordDecoder<TRecord> decoder, IOptions<IntakeOptions> options)
    where TRecord : class
{
    private readonly IntakeOptions _options = options.Value;

    /// <summary>Reads one record.</summary>
    /// <param name="record">The record as it lies on the topic.</param>
    /// <param name="cancellationToken">Stops waiting for the registry.</param>
    /// <exception cref="SchemaRegistryUnavailableException">The record's schema is not known yet and the registry cannot be reached.</exception>
    public async ValueTask<IncomingRecord<TRecord>> ReadAsync(KafkaRecord record, CancellationToken cancellationToken)
    {
        var payload = record.Value.AsMemory();
        TRecord? value = null;
        RecordFault? fault = null;
        try
        {
            value = record.Value is null
                ? null
                : await decoder.DecodeAsync(payload, cancellationToken);
            fault = value is null
                ? new RecordFault(DeadLetterKind.Invalid, "The record has no value (a tombstone), and this topic's records need one.")
                : FaultIn(record, value);
        }
        catch (RecordFormatException e)
        {
            fault = new RecordFault(DeadLetterKind.Undecodable, e.Message, e.InnerException?.ToString());
        }

        return new IncomingRecord<TRecord>
        {
            Coordinates = new RecordCoordinates(record.Topic, record.Incarnation, record.Partition, record.Offset),
            Key = record.Key ?? "",
            Value = fault is null ? value : null,
            Fault = fault,
            EventId = value is null ? null : topic.EventId(value),
            SchemaId = WireFormat.TryReadSchemaId(payload.Span),
            Timestamp = KafkaTime.Of(record.TimestampMs),
            Payload = payload,
            DigestOffset = WireFormat.HeaderLength,
            TraceParent = Header(record, "traceparent"),
        };
    }

    private RecordFault? FaultIn(KafkaRecord record, TRecord value)
    {
        var key = topic.Key(value);
        if (key != record.Key)
            return new(DeadLetterKind.Invalid, $"The record lies under the key '{record.Key}', but its content says '{key}': order is kept per key.");
        if (string.IsNullOrEmpty(topic.EventId(value)))
            return new(DeadLetterKind.Invalid, "The record has an empty event id, so a repetition of it could not be told from a new one.");
        if (!KafkaTime.IsTime(record.TimestampMs))
            return new(DeadLetterKind.Invalid, $"The record's Kafka timestamp is {record.TimestampMs} ms, which is no time before the year 10000: its producer must write milliseconds since 1970.");
        var ahead = topic.Time(value) - KafkaTime.Of(record.TimestampMs);
        return ahead > _options.MaxFutureSkew
            ? new(DeadLetterKind.FutureTimestamp,
                $"The record says it happened at {topic.Time(value):O}, {ahead.TotalDays:F1} days after Kafka took it; {IntakeOptions.Section}:{nameof(IntakeOptions.MaxFutureSkew)} allows {_options.MaxFutureSkew}.")
            : null;
    }

    private static string? Header(KafkaRecord record, string name)
    {
        foreach (var (key, value) in record.Headers)
        {
            if (key == name)
                return Encoding.ASCII.GetString(value);
        }

        return null;
    }
}

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
        string? eventId = null;
        RecordFault? fault;
        try
        {
            value = record.Value is null
                ? null
                : await decoder.DecodeAsync(payload, cancellationToken);
            fault = value is null
                ? new RecordFault(DeadLetterKind.Invalid, "The record has no value (a tombstone), and this topic's records need one.")
                : FaultIn(record, value, out eventId);
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
            EventId = eventId,
            SchemaId = WireFormat.TryReadSchemaId(payload.Span),
            Timestamp = KafkaTime.Of(record.TimestampMs),
            Payload = payload,
            DigestOffset = WireFormat.HeaderLength,
            TraceParent = Header(record, "traceparent"),
        };
    }

    private RecordFault? FaultIn(KafkaRecord record, TRecord value, out string? eventId)
    {
        var idFault = Call("eventId", topic.EventId, value, out eventId);
        if (Call("key", topic.Key, value, out var key) is { } keyFault)
            return keyFault;
        if (key != record.Key)
            return new(DeadLetterKind.Invalid, $"The record lies under the key '{record.Key}', but its content says '{key}': order is kept per key.");
        if (idFault is not null)
            return idFault;
        if (string.IsNullOrEmpty(eventId))
            return new(DeadLetterKind.Invalid, "The record has an empty event id, so a repetition of it could not be told from a new one.");
        if (!KafkaTime.IsTime(record.TimestampMs))
            return new(DeadLetterKind.Invalid, $"The record's Kafka timestamp is {record.TimestampMs} ms, which is no time before the year 10000: its producer must write milliseconds since 1970.");
        if (Call("time", topic.Time, value, out var time) is { } timeFault)
            return timeFault;
        var ahead = time - KafkaTime.Of(record.TimestampMs);
        return ahead > _options.MaxFutureSkew
            ? new(DeadLetterKind.FutureTimestamp,
                $"The record says it happened at {time:O}, {ahead.TotalDays:F1} days after Kafka took it; {IntakeOptions.Section}:{nameof(IntakeOptions.MaxFutureSkew)} allows {_options.MaxFutureSkew}.")
            : null;
    }

    /// <summary>
    /// Calls one of the topic's functions, which the application wrote. What it throws is a fault of this record: let out, it would have the record presented again for ever, and
    /// its key and at last its partition stand still.
    /// </summary>
    private RecordFault? Call<TResult>(string function, Func<TRecord, TResult> call, TRecord value, out TResult? result)
    {
        try
        {
            result = call(value);
            return null;
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
        {
            result = default;
            return new(DeadLetterKind.Invalid, $"The function '{function}' of topic '{topic.Name}' failed on it: {e.Message}", e.ToString());
        }
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

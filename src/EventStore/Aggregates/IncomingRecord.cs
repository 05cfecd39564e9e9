using EventStore.DeadLetters;

namespace EventStore.Aggregates;

/// <summary>One Kafka record on its way into an aggregate: decoded, or with the reason why not.</summary>
/// <typeparam name="TRecord">The decoded type.</typeparam>
public sealed record IncomingRecord<TRecord>
    where TRecord : class
{
    /// <summary>Where it lies.</summary>
    public required RecordCoordinates Coordinates { get; init; }

    /// <summary>The record's key as text, which is the grain's key.</summary>
    public required string Key { get; init; }

    /// <summary>The decoded record, or null when <see cref="Fault"/> says why there is none.</summary>
    public TRecord? Value { get; init; }

    /// <summary>Why the record cannot be applied, found before the aggregate saw it.</summary>
    public RecordFault? Fault { get; init; }

    /// <summary>The record's event id as its producer gave it, or null when it could not be read.</summary>
    public string? EventId { get; init; }

    /// <summary>The writer's schema id, or null.</summary>
    public int? SchemaId { get; init; }

    /// <summary>The record's Kafka timestamp.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The value as it lay on the topic; kept for the digest and for a dead letter.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>The number of leading payload bytes that the digest leaves out (5 for the Confluent wire format).</summary>
    public int DigestOffset { get; init; }

    /// <summary>The W3C trace context from the record's headers, or null.</summary>
    public string? TraceParent { get; init; }

    /// <summary>True for a record sent again from the dead letters: its position has passed, and is not checked.</summary>
    public bool Reprocessed { get; internal init; }
}

/// <summary>A fault in a record.</summary>
/// <param name="Kind">What is wrong, for a program.</param>
/// <param name="Reason">What is wrong, for a person.</param>
/// <param name="Exception">The exception's text, or null.</param>
public sealed record RecordFault(DeadLetterKind Kind, string Reason, string? Exception = null);

namespace EventStore.DeadLetters;

/// <summary>A record that could not be applied, kept whole so that it can be looked at, mended and sent again.</summary>
/// <param name="Record">Where it lies. A record has at most one dead letter.</param>
/// <param name="Consumer">Who could not apply it: an aggregate's or a job's name.</param>
/// <param name="Key">The record's key as text, or null when it has none.</param>
/// <param name="SchemaId">The writer's schema id, or null when the payload does not name one.</param>
/// <param name="Reason">What is wrong, for a person.</param>
/// <param name="Kind">What is wrong, for a program.</param>
/// <param name="Exception">The exception's text, or null.</param>
/// <param name="Payload">The record's value as it lay on the topic, or null for a tombstone.</param>
/// <param name="EventId">The record's event id as text, or null when it could not be read. The store keeps one of over 500 characters as the UUID that it stands for.</param>
/// <param name="Timestamp">The record's Kafka timestamp.</param>
public sealed record DeadLetter(
    RecordCoordinates Record, string Consumer, string? Key, int? SchemaId, string Reason, DeadLetterKind Kind, string? Exception,
    byte[]? Payload, string? EventId, DateTimeOffset Timestamp);

/// <summary>Why a record is a dead letter.</summary>
public enum DeadLetterKind
{
    /// <summary>The payload is not what its schema says, or names no known schema.</summary>
    Undecodable = 1,

    /// <summary>The record lacks a key, an id or another thing that intake needs, or its key is too long.</summary>
    Invalid = 2,

    /// <summary>Its timestamp is further ahead than the option allows.</summary>
    FutureTimestamp = 3,

    /// <summary>Its event id belongs to another record: other key or other content.</summary>
    IdConflict = 4,

    /// <summary>The aggregate threw.</summary>
    AggregateFailed = 5,

    /// <summary>The database refuses its content.</summary>
    Unstorable = 6,

    /// <summary>A job's code threw.</summary>
    JobFailed = 7,
}

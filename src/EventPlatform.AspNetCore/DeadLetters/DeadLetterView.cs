using System.Text.Json.Nodes;
using EventStore;
using EventStore.DeadLetters;
using SchemaRegistry;

namespace EventPlatform.AspNetCore.DeadLetters;

/// <summary>A record that could not be applied.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Status">What has become of it.</param>
/// <param name="Kind">What is wrong, for a program.</param>
/// <param name="Reason">What is wrong, for a person.</param>
/// <param name="Record">Where it lies in Kafka.</param>
/// <param name="Consumer">Who could not apply it.</param>
/// <param name="Key">Its key.</param>
/// <param name="EventId">Its event id, where it could be read.</param>
/// <param name="SchemaId">The schema it names.</param>
/// <param name="Timestamp">Its Kafka timestamp.</param>
/// <param name="CreatedAt">When it became a dead letter.</param>
/// <param name="ChangedAt">When its status last changed.</param>
/// <param name="Decoded">What it says, where its schema reads it.</param>
/// <param name="Exception">The exception; only for one letter.</param>
/// <param name="Payload">The value as it lay on the topic, in base64; only for one letter.</param>
public sealed record DeadLetterView(
    long Id, DeadLetterStatus Status, DeadLetterKind Kind, string Reason, RecordCoordinates Record, string Consumer, string? Key, string? EventId,
    int? SchemaId, DateTimeOffset Timestamp, DateTimeOffset CreatedAt, DateTimeOffset ChangedAt, JsonNode? Decoded,
    string? Exception = null, byte[]? Payload = null)
{
    internal static async Task<DeadLetterView> OfAsync(StoredDeadLetter stored, AvroJson avro, bool whole, CancellationToken cancellationToken)
    {
        var letter = stored.Letter;
        return new DeadLetterView(stored.Id, stored.Status, letter.Kind, letter.Reason, letter.Record, letter.Consumer, letter.Key, letter.EventId,
            letter.SchemaId, letter.Timestamp, stored.CreatedAt, stored.ChangedAt, await avro.TryDecodeAsync(letter.Payload, cancellationToken),
            whole ? letter.Exception : null, whole ? letter.Payload : null);
    }
}

/// <summary>What to change before a record is sent again; what is absent stays as it is.</summary>
/// <param name="Key">The key.</param>
/// <param name="Payload">The value as it would lie on the topic, in base64.</param>
/// <param name="Value">The record as JSON, as <c>POST /events</c> takes it; instead of a payload.</param>
public sealed record ReprocessRequest(string? Key, string? Payload, System.Text.Json.JsonElement? Value);

/// <summary>Why a dead letter is of no use.</summary>
/// <param name="Reason">For the record of who did what.</param>
public sealed record DiscardRequest(string? Reason);

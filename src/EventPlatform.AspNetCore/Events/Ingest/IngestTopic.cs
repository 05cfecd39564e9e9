using System.Text.Json;
using System.Text.Json.Nodes;
using EventPlatform.AspNetCore.Http;
using EventPlatform.Intake;
using EventPlatform.Topics;
using Microsoft.Extensions.Options;

namespace EventPlatform.AspNetCore.Events.Ingest;

/// <summary>A topic that takes records over HTTP.</summary>
internal interface IIngestTopic
{
    /// <summary>The topic's logical name.</summary>
    string Name { get; }

    /// <summary>Whether a request may say a record's event id; else its fields do.</summary>
    bool TakesIds { get; }

    /// <summary>Checks and encodes a record, or returns null when <paramref name="checks"/> says why not.</summary>
    /// <param name="json">The record.</param>
    /// <param name="identity">The event id that the request implies, or null.</param>
    /// <param name="path">Before each name in an error, for a batch.</param>
    /// <param name="checks">Takes the errors.</param>
    /// <param name="cancellationToken">Stops waiting for the schema registry.</param>
    ValueTask<IngestRecord?> PrepareAsync(
        JsonElement json, string? identity, string path, Checks checks, CancellationToken cancellationToken);
}

/// <summary>A record ready to be produced.</summary>
internal sealed record IngestRecord(string Key, string EventId, byte[] Payload);

/// <inheritdoc/>
internal abstract class IngestTopic<T>(TopicDefinition<T> definition, TopicSchemas schemas, IOptions<IntakeOptions> intake, TimeProvider time) : IIngestTopic
    where T : class
{
    private static readonly bool HasEventId = typeof(T).GetProperty("EventId")?.PropertyType == typeof(string);
    private static readonly bool HasTimestamp = typeof(T).GetProperty("Timestamp")?.PropertyType == typeof(DateTimeOffset);

    public string Name => definition.Name;

    public bool TakesIds => HasEventId;

    /// <summary>Whether a record in which fields are wrong or missing has a key, an id and a time all the same, and can be checked further.</summary>
    protected virtual bool ChecksIncompleteRecords => false;

    public async ValueTask<IngestRecord?> PrepareAsync(
        JsonElement json, string? identity, string path, Checks checks, CancellationToken cancellationToken)
    {
        var found = new Checks();
        // The same id with other content is a conflict, and a timestamp of ours would be other content each time.
        if (HasTimestamp && (identity is not null || RecordJson.Has(json, "eventId")) && !RecordJson.Has(json, "timestamp"))
            found.Add("timestamp", "It is required with an Idempotency-Key or an event id: a repetition must be the same record.");
        if (!HasEventId && identity is not null)
            found.Add("Idempotency-Key", $"It gives event ids, and {typeof(T).Name} has no field eventId. Leave it out: records of this topic name themselves.");
        var now = time.GetUtcNow();
        var record = RecordJson.Read<T>(json, Defaults(identity, now), found);
        if (record is not null && (ChecksIncompleteRecords || found.Problem is null))
            CheckContent(record, now, found);
        if (!checks.Take(found, path))
            return null;
        return new IngestRecord(definition.Key(record!), definition.EventId(record!), (await schemas.EncoderAsync<T>(Name, cancellationToken)).Encode(record!));
    }

    /// <summary>What a record has when the caller leaves it out.</summary>
    protected virtual JsonObject Defaults(string? identity, DateTimeOffset now)
    {
        var defaults = new JsonObject();
        if (HasEventId)
            defaults["eventId"] = identity ?? Guid.NewGuid().ToString();
        if (HasTimestamp)
            defaults["timestamp"] = now;
        return defaults;
    }

    private void CheckContent(T record, DateTimeOffset now, Checks found)
    {
        var content = new Checks();
        try
        {
            Check(record, content);
            content.Text("eventId", definition.EventId(record));
            if (definition.Time(record) - now > intake.Value.MaxFutureSkew)
                content.Add("timestamp", $"It lies further ahead than Intake:MaxFutureSkew allows ({intake.Value.MaxFutureSkew}): intake would make it a dead letter.");
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
        {
            // The functions are the application's, and what they fail on is in the record: it is not the API that failed.
            content.Add("body", $"A function of topic '{Name}' failed on it, so intake would make it a dead letter: {e.Message}");
        }

        found.TakeNew(content); // a field that is wrong already needs no second reason
    }

    /// <summary>Finds what is wrong with a record beyond its types.</summary>
    protected virtual void Check(T record, Checks checks) => checks.Text("key", definition.Key(record));
}

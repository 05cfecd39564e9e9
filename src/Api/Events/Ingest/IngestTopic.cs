using System.Text.Json;
using System.Text.Json.Nodes;
using Api.Http;
using EventPlatform.Intake;
using Microsoft.Extensions.Options;

namespace Api.Events.Ingest;

/// <summary>A topic that takes records over HTTP.</summary>
internal interface IIngestTopic
{
    /// <summary>The topic's logical name.</summary>
    string Name { get; }

    /// <summary>Whether the JSON looks like one of this topic's records.</summary>
    bool Recognises(JsonElement json);

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
internal abstract class IngestTopic<T>(TopicSchemas schemas, IOptions<IntakeOptions> intake, TimeProvider time) : IIngestTopic
    where T : class
{
    public abstract string Name { get; }

    /// <summary>A field that only this topic's records have.</summary>
    protected abstract string Marker { get; }

    public bool Recognises(JsonElement json) => RecordJson.Has(json, Marker);

    public async ValueTask<IngestRecord?> PrepareAsync(
        JsonElement json, string? identity, string path, Checks checks, CancellationToken cancellationToken)
    {
        var found = new Checks();
        // The same id with other content is a conflict, and a timestamp of ours would be other content each time.
        if ((identity is not null || RecordJson.Has(json, "eventId")) && !RecordJson.Has(json, "timestamp"))
            found.Add("timestamp", "It is required with an Idempotency-Key or an event id: a repetition must be the same record.");
        var now = time.GetUtcNow();
        var record = RecordJson.Read<T>(json, new JsonObject
        {
            ["eventId"] = identity ?? Guid.NewGuid().ToString(),
            ["timestamp"] = now,
            ["metadata"] = new JsonObject { ["producerId"] = "http" },
        }, found);
        if (record is not null)
            CheckContent(record, now, found);
        if (!checks.Take(found, path))
            return null;
        var (key, eventId, _) = Identify(record!);
        return new IngestRecord(key, eventId, (await schemas.EncoderAsync<T>(Name, cancellationToken)).Encode(record!));
    }

    private void CheckContent(T record, DateTimeOffset now, Checks found)
    {
        var content = new Checks();
        Check(record, content);
        var (_, eventId, timestamp) = Identify(record);
        content.Text("eventId", eventId);
        if (timestamp - now > intake.Value.MaxFutureSkew)
            content.Add("timestamp", $"It lies further ahead than Intake:MaxFutureSkew allows ({intake.Value.MaxFutureSkew}): intake would make it a dead letter.");
        found.TakeNew(content); // a field that is wrong already needs no second reason
    }

    /// <summary>Finds what is wrong with a record beyond its types.</summary>
    protected abstract void Check(T record, Checks checks);

    protected abstract (string Key, string EventId, DateTimeOffset Timestamp) Identify(T record);
}

using System.Globalization;
using System.Text.Json;
using EventPlatform.AspNetCore.Hosting;
using EventPlatform.AspNetCore.Http;
using EventPlatform.Topics;
using EventStore.Aggregates;
using EventStore.Reading;
using Microsoft.Extensions.Options;

namespace EventPlatform.AspNetCore.Events.Ingest;

/// <summary>Takes one request's records: all of them or, when one is wrong, none.</summary>
internal sealed class IngestDesk(IngestProducer producer, PlatformTopics platform, IEventReader reader, IOptions<ApiOptions> options)
{
    public async Task<IResult> TakeAsync(IIngestTopic topic, JsonElement body, HttpContext context)
    {
        var cancellationToken = context.RequestAborted;
        var checks = new Checks();
        var key = context.ReadIdempotencyKey(checks);
        var batch = body.ValueKind == JsonValueKind.Array;
        var items = batch ? body.EnumerateArray().ToArray() : [body];
        if (items.Length == 0 || items.Length > options.Value.MaxBatchEvents)
            checks.Add("body", $"A batch has 1 to {options.Value.MaxBatchEvents} records (Api:MaxBatchEvents), not {items.Length}.");

        var records = new List<IngestRecord>(items.Length);
        for (var i = 0; i < items.Length && items.Length <= options.Value.MaxBatchEvents; i++)
        {
            var identity = key is null ? null : EventIds.OfCommand($"ingest/{topic.Name}", string.Create(CultureInfo.InvariantCulture, $"{key}/{i}")).ToString();
            if (await topic.PrepareAsync(items[i], identity, batch ? string.Create(CultureInfo.InvariantCulture, $"[{i}].") : "", checks, cancellationToken) is { } record)
                records.Add(record);
        }

        if (checks.Problem is { } problem)
            return problem;
        if (key is not null && await IsOtherAsync(records[0], cancellationToken))
            return Problems.Conflict($"The Idempotency-Key '{key}' was used before with other content. Use a new key for new records.");
        return await ProduceAsync(platform.BrokerNameOf(topic.Name), records, context);
    }

    private async Task<IResult> ProduceAsync(string topic, IReadOnlyList<IngestRecord> records, HttpContext context)
    {
        var results = await producer.ProduceAsync(topic, records, context.RequestAborted);
        if (results.All(r => r.Error is null))
            return TypedResults.Accepted(records.Count == 1 ? $"/events/{records[0].EventId}" : null, new Page<IngestResult>(results, null));
        var (acknowledged, refused) = (results.Count(r => r.Error is null), results.Count(r => r.IsRefused));
        var items = new Dictionary<string, object?> { ["items"] = results };
        if (refused > 0)
            return Problems.Rejected($"Kafka acknowledged {acknowledged} of {results.Count} records and refused {refused}, which it will again; see items. Send those alone again that are neither, under the event ids given here.", items);
        context.Response.Headers.RetryAfter = "2";
        return TypedResults.Problem(
            $"Kafka acknowledged {acknowledged} of {results.Count} records; see items. Send the others again under the event ids given here.",
            statusCode: StatusCodes.Status503ServiceUnavailable, extensions: items);
    }

    /// <summary>Whether the id is known with other content. What still waits in Kafka is not known yet; intake finds those conflicts.</summary>
    private async Task<bool> IsOtherAsync(IngestRecord record, CancellationToken cancellationToken)
    {
        var known = await reader.FindAsync(EventIds.OfRecord(record.EventId), null, cancellationToken);
        var digest = known.Event?.Source?.Digest ?? (known.Ledger.Count > 0 ? known.Ledger[0].Entry.Source.Digest : null);
        return digest is not null && digest != EventIds.Digest(record.Payload, SchemaRegistry.WireFormat.HeaderLength);
    }
}

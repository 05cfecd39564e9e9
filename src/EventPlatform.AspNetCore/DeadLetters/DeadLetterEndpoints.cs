using System.ComponentModel;
using EventPlatform.AspNetCore.Events.Ingest;
using EventPlatform.AspNetCore.Http;
using EventPlatform.DeadLetters;
using EventStore.DeadLetters;
using Microsoft.AspNetCore.Http.HttpResults;
using SchemaRegistry;

namespace EventPlatform.AspNetCore.DeadLetters;

/// <summary>Dead letters: looked at, sent again, or thrown away; the last two leave a record of who did it.</summary>
internal static class DeadLetterEndpoints
{
    public static void AddDeadLetters(this WebApplicationBuilder builder) => builder.Services.AddSingleton<AvroJson>();

    public static void MapDeadLetters(this IEndpointRouteBuilder routes)
    {
        var letters = routes.MapGroup("/dead-letters").WithTags("Dead letters");
        letters.MapGet("/", ListAsync).WithSummary("Dead letters, newest first, decoded where their schema reads them");
        letters.MapGet("/{id:long}", GetAsync).WithSummary("One dead letter, with payload and exception");
        letters.MapPost("/{id:long}/reprocess", ReprocessAsync).WithSummary("Send the record again, as it is or mended")
            .WithDescription("It comes at the end of its stream. 422 when it still cannot be applied: then the letter stays open. `X-Operator` says who you are.");
        letters.MapPost("/{id:long}/discard", DiscardAsync).WithSummary("Throw the record away").WithDescription("`X-Operator` says who you are.");
    }

    private static async Task<Results<Tagged<Page<DeadLetterView>>, ValidationProblem>> ListAsync(
        [AsParameters] PageQuery page, [AsParameters] DeadLetterQuery query, IDeadLetterStore store, AvroJson avro, CancellationToken cancellationToken)
    {
        var checks = new Checks();
        var limit = page.ReadLimit(checks);
        var before = page.ReadNumericCursor(checks);
        var filter = new DeadLetterFilter(query.Topic, checks.Enum<DeadLetterKind>("kind", query.Kind), checks.Enum<DeadLetterStatus>("status", query.Status));
        if (checks.Problem is { } problem)
            return problem;

        var letters = await store.ListAsync(filter, before, limit + 1, cancellationToken);
        var views = new List<DeadLetterView>(letters.Count);
        foreach (var letter in letters)
            views.Add(await DeadLetterView.OfAsync(letter, avro, whole: false, cancellationToken));
        return new Tagged<Page<DeadLetterView>>(Cursors.Page(
            views, limit, v => v.Id.ToString(System.Globalization.CultureInfo.InvariantCulture), v => v));
    }

    private static async Task<Results<Tagged<DeadLetterView>, ProblemHttpResult>> GetAsync(
        long id, IDeadLetterStore store, AvroJson avro, CancellationToken cancellationToken) =>
        await store.GetAsync(id, cancellationToken) is { } letter
            ? new Tagged<DeadLetterView>(await DeadLetterView.OfAsync(letter, avro, whole: true, cancellationToken))
            : NotFound(id);

    private static async Task<IResult> ReprocessAsync(
        long id, ReprocessRequest? request, HttpContext context, IDeadLetterStore store, DeadLetterDesk desk, Cluster.ClusterConnection cluster, IngestTopics topics)
    {
        var checks = new Checks();
        var who = context.ReadOperator(checks);
        if (await store.GetAsync(id, context.RequestAborted) is not { } letter)
            return NotFound(id);
        var mended = await MendAsync(request, letter.Letter, topics, checks, context.RequestAborted);
        if (checks.Problem is { } problem)
            return problem;

        cluster.ThrowIfAway();
        var outcome = await desk.ReprocessAsync(id, who, mended, context.RequestAborted);
        return outcome.Result switch
        {
            ReprocessResult.Done => TypedResults.Ok(new DeadLetterAct(id, DeadLetterStatus.Reprocessed, who)),
            ReprocessResult.NotFound => NotFound(id),
            ReprocessResult.NotOpen => Problems.Conflict($"The dead letter {id} is not open. {outcome.Reason}"),
            _ => Problems.Rejected($"The record still cannot be applied: {outcome.Reason} Mend it with a key, a value or a payload in the body, or discard it."),
        };
    }

    private static async Task<IResult> DiscardAsync(long id, DiscardRequest? request, HttpContext context, IDeadLetterStore store)
    {
        var checks = new Checks();
        var who = context.ReadOperator(checks);
        if (request?.Reason is not null)
            checks.Text("reason", request.Reason, max: 1_000);
        if (checks.Problem is { } problem)
            return problem;

        if (await store.CloseAsync(id, DeadLetterStatus.Discarded, who, request?.Reason, context.RequestAborted))
            return TypedResults.Ok(new DeadLetterAct(id, DeadLetterStatus.Discarded, who));
        return await store.GetAsync(id, context.RequestAborted) is null ? NotFound(id) : Problems.Conflict($"The dead letter {id} is not open.");
    }

    private static async Task<MendedRecord?> MendAsync(
        ReprocessRequest? request, DeadLetter letter, IngestTopics topics, Checks checks, CancellationToken cancellationToken)
    {
        if (request is null or { Key: null, Payload: null, Value: null })
            return null;
        if (request is { Payload: not null, Value: not null })
            checks.Add("value", "Give a value or a payload, not both.");
        if (request.Payload is not null)
        {
            var bytes = new byte[request.Payload.Length];
            if (Convert.TryFromBase64String(request.Payload, bytes, out var length))
                return new MendedRecord(request.Key, bytes[..length]);
            checks.Add("payload", "It is not base64.");
        }

        if (request.Value is not { } value)
            return new MendedRecord(request.Key, null);
        if (topics.FindOnBroker(letter.Record.Topic) is not { } topic)
            checks.Add("value", $"Topic '{letter.Record.Topic}' takes no JSON; give a payload.");
        else if (await topic.PrepareAsync(value, topic.TakesIds ? letter.EventId : null, "value.", checks, cancellationToken) is { } record)
            return new MendedRecord(request.Key ?? record.Key, record.Payload);
        return null;
    }

    private static ProblemHttpResult NotFound(long id) => Problems.NotFound($"There is no dead letter {id}.");
}

/// <summary>Which dead letters.</summary>
internal sealed record DeadLetterQuery(
    [property: Description("Those of a topic.")] string? Topic,
    [property: Description("Those with this fault: undecodable, invalid, futureTimestamp, idConflict, aggregateFailed or unstorable.")] string? Kind,
    [property: Description("Those in this state: open, reprocessed or discarded.")] string? Status);

/// <summary>What was done with a dead letter.</summary>
/// <param name="Id">The dead letter.</param>
/// <param name="Status">What it is now.</param>
/// <param name="Operator">Who did it.</param>
public sealed record DeadLetterAct(long Id, DeadLetterStatus Status, string Operator);

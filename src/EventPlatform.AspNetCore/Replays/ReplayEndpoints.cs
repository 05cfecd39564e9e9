using System.Globalization;
using EventPlatform.AspNetCore.Http;
using EventStore.Projections;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EventPlatform.AspNetCore.Replays;

/// <summary>Replays: history folded again while live events go on.</summary>
internal static class ReplayEndpoints
{
    public static void MapReplays(this IEndpointRouteBuilder routes)
    {
        var replays = routes.MapGroup("/replays").WithTags("Replays");
        replays.MapGet("/", ListAsync).WithSummary("Replays, newest first");
        replays.MapPost("/", StartAsync).WithSummary("Start a replay")
            .WithDescription("From the `store` (the default) or from `kafka`, into the projection itself or under another `target` name. It outlives this process.");
        replays.MapGet("/{id:long}", GetAsync).WithSummary("One replay and its progress");
        replays.MapPost("/{id:long}/cancel", CancelAsync).WithSummary("End a replay and drop what it made");
        replays.MapDelete("/{id:long}", CancelAsync).WithSummary("The same");
    }

    private static async Task<Results<Tagged<Page<ReplayView>>, ValidationProblem>> ListAsync(
        [AsParameters] PageQuery page, IReplays replays, CancellationToken cancellationToken)
    {
        var checks = new Checks();
        var limit = page.ReadLimit(checks);
        var before = page.ReadNumericCursor(checks);
        if (checks.Problem is { } problem)
            return problem;
        var found = await replays.ListAsync(before, limit + 1, cancellationToken);
        return new Tagged<Page<ReplayView>>(Cursors.Page(found, limit, r => r.Id.ToString(CultureInfo.InvariantCulture), ReplayView.Of));
    }

    private static async Task<IResult> StartAsync(StartReplay request, HttpContext context, IReplays replays)
    {
        var checks = new Checks();
        var who = context.ReadOperator(checks);
        checks.Text("projection", request.Projection);
        if (request.FromSequence is < 1)
            checks.Add("fromSequence", "It must be at least 1.");
        if (request.ToSequence < (request.FromSequence ?? 1))
            checks.Add("toSequence", "It must not lie before fromSequence.");
        if (checks.Problem is { } problem)
            return problem;

        var replay = await replays.StartAsync(new ReplayRequest(request.Projection!)
        {
            Version = request.Version,
            Source = request.Source ?? ReplayRequest.Store,
            Target = request.Target,
            FromSequence = request.FromSequence ?? 1,
            ToSequence = request.ToSequence,
            Arguments = request.Arguments ?? new Dictionary<string, string>(),
        }, who, context.RequestAborted);
        return TypedResults.Accepted($"/replays/{replay.Id}", ReplayView.Of(replay));
    }

    private static async Task<Results<Tagged<ReplayView>, ProblemHttpResult>> GetAsync(long id, IReplays replays, CancellationToken cancellationToken) =>
        await replays.GetAsync(id, cancellationToken) is { } replay ? new Tagged<ReplayView>(ReplayView.Of(replay)) : NotFound(id);

    private static async Task<IResult> CancelAsync(long id, HttpContext context, IReplays replays)
    {
        var checks = new Checks();
        var who = context.ReadOperator(checks);
        if (checks.Problem is { } problem)
            return problem;
        if (!await replays.CancelAsync(id, who, context.RequestAborted))
            return Problems.Conflict($"The replay {id} has ended already.");
        return await replays.GetAsync(id, context.RequestAborted) is { } replay ? TypedResults.Ok(ReplayView.Of(replay)) : NotFound(id);
    }

    private static ProblemHttpResult NotFound(long id) => Problems.NotFound($"There is no replay {id}.");
}

/// <summary>What to replay.</summary>
/// <param name="Projection">The projection whose handlers fold the events.</param>
/// <param name="Version">Its version; the newest unless given.</param>
/// <param name="Source"><c>store</c> unless given, or another source such as <c>kafka</c>.</param>
/// <param name="Target">The name to read the result under; unless given it takes the place of what is read now, once it has caught up.</param>
/// <param name="FromSequence">The first event of the store.</param>
/// <param name="ToSequence">The last event of the store; all, and what follows, unless given.</param>
/// <param name="Arguments">What another source needs to know, for example offsets or a time.</param>
public sealed record StartReplay(
    string? Projection, int? Version, string? Source, string? Target, long? FromSequence, long? ToSequence, IReadOnlyDictionary<string, string>? Arguments);

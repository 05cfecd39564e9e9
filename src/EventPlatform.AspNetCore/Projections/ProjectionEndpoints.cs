using EventPlatform.AspNetCore.Http;
using EventStore.Projections;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EventPlatform.AspNetCore.Projections;

/// <summary>Projections: where they stand, their documents, and what an operator does with them.</summary>
internal static class ProjectionEndpoints
{
    public static void AddProjections(this WebApplicationBuilder builder) => builder.Services.AddSingleton<ProjectionStatuses>();

    public static void MapProjections(this IEndpointRouteBuilder routes)
    {
        var projections = routes.MapGroup("/projections").WithTags("Projections");
        projections.MapGet("/", ListAsync).WithSummary("Every projection and subscriber: version, state, lag, error");
        projections.MapGet("/{name}", GetAsync).WithSummary("Where one stands");
        projections.MapGet("/{name}/documents", DocumentsAsync).WithSummary("A projection's documents, by key or by a number in them");
        projections.MapGet("/{name}/{key}", DocumentAsync).WithSummary("One document");

        projections.MapPost("/{name}/rebuild", RebuildAsync).WithSummary("Fold everything again beside what is read, then switch")
            .WithDescription("Answers 202 with the replay that does it. `X-Operator` says who you are.");
        projections.MapPost("/{name}/rollback", (string name, HttpContext context, IProjections all) =>
            ActAsync(name, "rollback", context, async who => await all.RollBackAsync(name, who, context.RequestAborted)))
            .WithSummary("Read again what was read before the last switch");
        projections.MapPost("/{name}/resume", (string name, ResumeRequest? request, HttpContext context, IProjections all) =>
            ActAsync(name, "resume", context, async who => await all.ResumeAsync(name, who, request?.SkipFailedEvent ?? false, context.RequestAborted)))
            .WithSummary("Let a failed or stopped one go on");
        projections.MapPost("/{name}/stop", (string name, HttpContext context, IProjections all) =>
            ActAsync(name, "stop", context, async who => await all.StopAsync(name, who, context.RequestAborted)))
            .WithSummary("Stop one until it is resumed; its documents stay readable");
        projections.MapPost("/{name}/cleanup", CleanUpAsync).WithSummary("Drop what is not read any more; there is no rolling back after it");
    }

    private static async Task<Tagged<Page<ProjectionView>>> ListAsync(IProjections projections, CancellationToken cancellationToken) =>
        new(new([.. (await projections.ListAsync(cancellationToken)).Select(ProjectionView.Of)], null));

    private static async Task<Results<Tagged<ProjectionView>, ProblemHttpResult>> GetAsync(
        string name, IProjections projections, CancellationToken cancellationToken) =>
        await projections.GetAsync(name, cancellationToken) is { } status ? new Tagged<ProjectionView>(ProjectionView.Of(status))
            : Problems.NotFound($"There is no projection '{name}'; /projections lists them.");

    private static async Task<Results<Tagged<Page<DocumentView>>, ValidationProblem>> DocumentsAsync(
        string name, [AsParameters] PageQuery page, [AsParameters] DocumentsQuery query, IProjectionReader reader, CancellationToken cancellationToken)
    {
        var checks = new Checks();
        var limit = page.ReadLimit(checks);
        if (checks.Problem is { } problem)
            return problem;
        var documents = await reader.ListAsync(name, query.For(page, limit), cancellationToken);
        return new Tagged<Page<DocumentView>>(new([.. documents.Items.Select(DocumentView.Of)], documents.Next));
    }

    private static async Task<Results<Tagged<DocumentView>, ProblemHttpResult>> DocumentAsync(
        string name, string key, IProjectionReader reader, CancellationToken cancellationToken) =>
        await reader.GetAsync(name, key, cancellationToken) is { } document ? new Tagged<DocumentView>(DocumentView.Of(document))
            : Problems.NotFound($"The projection '{name}' has no document under the key '{key}'.");

    private static async Task<IResult> RebuildAsync(string name, HttpContext context, IReplays replays)
    {
        var checks = new Checks();
        var who = context.ReadOperator(checks);
        if (checks.Problem is { } problem)
            return problem;
        var replay = await replays.StartAsync(new ReplayRequest(name), who, context.RequestAborted);
        return TypedResults.Accepted($"/replays/{replay.Id}", Replays.ReplayView.Of(replay));
    }

    private static async Task<IResult> CleanUpAsync(string name, HttpContext context, IProjections projections)
    {
        var dropped = 0;
        var result = await ActAsync(name, "cleanup", context, async who => dropped = await projections.CleanUpAsync(name, who, context.RequestAborted));
        return result is Ok<ProjectionAct> { Value: { } act } ? TypedResults.Ok(act with { Dropped = dropped }) : result;
    }

    private static async Task<IResult> ActAsync(string name, string action, HttpContext context, Func<string, Task> act)
    {
        var checks = new Checks();
        var who = context.ReadOperator(checks);
        if (checks.Problem is { } problem)
            return problem;
        await act(who);
        return TypedResults.Ok(new ProjectionAct(name, action, who));
    }
}

/// <summary>How to go on.</summary>
/// <param name="SkipFailedEvent">True to pass over the event that it failed on, which is recorded.</param>
public sealed record ResumeRequest(bool SkipFailedEvent);

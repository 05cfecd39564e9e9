using System.ComponentModel;
using EventPlatform.AspNetCore.Http;
using EventPlatform.AspNetCore.Topics;
using EventPlatform.Jobs;
using EventPlatform.Topics;
using Microsoft.AspNetCore.Http.HttpResults;
using StreamJobs;
using StreamJobs.Checkpoints;
using StreamJobs.Running;

namespace EventPlatform.AspNetCore.Jobs;

/// <summary>Jobs over streams: where they stand, what they have come to, and what an operator does with them.</summary>
internal static class JobEndpoints
{
    public static void AddJobs(this WebApplicationBuilder builder) => builder.Services.AddSingleton<OpenWindows>().AddSingleton<JobPositions>().AddSingleton<JobStatuses>().AddSingleton<JobCommands>();

    public static void MapJobs(this IEndpointRouteBuilder routes)
    {
        var jobs = routes.MapGroup("/jobs").WithTags("Jobs");
        jobs.MapGet("/", ListAsync).WithSummary("Every job: state, watermark and its delay, records, late records, state size");
        jobs.MapGet("/{job}", GetAsync).WithSummary("Where one stands, partition by partition");
        jobs.MapGet("/{job}/results", ResultEndpoint.GetAsync).WithSummary("What its windows came to, open ones too")
            .WithDescription("Paged JSON by a window's end and key, or, with `Accept: application/x-ndjson`, all rows. Open windows come last.");
        jobs.MapGet("/{job}/checkpoints", CheckpointsAsync).WithSummary("Its newest checkpoints: size and duration");
        jobs.MapGet("/{job}/exceptions", ExceptionsAsync).WithSummary("What its code threw; each such record is a dead letter");
        MapControls(jobs);
        jobs.MapPost("/{job}/lake/rewrite", RewriteLakeAsync).WithSummary("Take its Parquet files away, and write its final results anew")
            .WithDescription("After the folder or a file was lost. Until it is done, readers of the lake see less.");
        MapSavepoints(jobs);
    }

    private static void MapControls(RouteGroupBuilder jobs)
    {
        Map("pause", "Let it take no more records, until it is resumed", "Its open windows stay in memory, and can be read.",
            (c, job, who, stop) => c.Controls.SetAsync(job, JobState.Paused, who, cancellationToken: stop));
        Map("resume", "Let it go on where it was paused", null,
            async (c, job, who, stop) => await c.Controls.SetAsync(job, JobState.Running, who, await c.OldestAsync(job, stop), stop));
        Map("drain", "End its input: it takes what lies on its topic, then every window is final, and no record is taken after it", null,
            async (c, job, who, stop) => await c.Controls.SetAsync(job, JobState.Draining, who, await c.OldestAsync(job, stop), stop));
        Map("stop", "Take it out of memory, until it is started", "What its last checkpoint kept stays. Other jobs of its topic pause for a moment.",
            (c, job, who, stop) => c.Controls.StopAsync(job, who, stop));
        Map("cancel", "Stop it, and throw its state away", "Results of closed windows and savepoints stay. It can be set back to a savepoint, or be started: then it begins anew.",
            (c, job, who, stop) => c.Controls.CancelAsync(job, who, stop));
        Map("start", "Let it go on where it was stopped",
            "One that was cancelled begins anew with the oldest records that Kafka has: its former results are taken out of the table and the lake, and topics get them again.",
            async (c, job, who, stop) => await c.Controls.StartAsync(job, await c.OldestAsync(job, stop), who, CancellationToken.None)); // many results take their time

        void Map(string verb, string summary, string? description, Func<JobCommands, Job, string, CancellationToken, Task<JobRefusal?>> act) =>
            jobs.MapPost($"/{{job}}/{verb}", (string job, HttpContext context, JobDirectory all, JobCommands commands) => ControlAsync(verb, job, context, all, commands, act))
                .WithSummary(summary).WithDescription(description ?? "Silos do it within a second.");
    }

    private static Task<IResult> ControlAsync(
        string verb, string job, HttpContext context, JobDirectory jobs, JobCommands commands, Func<JobCommands, Job, string, CancellationToken, Task<JobRefusal?>> act) =>
        ActAsync(job, context, jobs, async (found, who) => await act(commands, found, who, context.RequestAborted) is { } refusing
            ? Problems.Conflict(JobCommands.Refusal(verb, job, refusing))
            : TypedResults.Accepted($"/jobs/{job}", new JobAct(job, JobCommands.StateAfter(verb), who)));

    private static Task<IResult> RewriteLakeAsync(string job, HttpContext context, JobDirectory jobs, JobLake lake) => ActAsync(job, context, jobs, async (found, who) =>
        !found.IsInLake ? Problems.Conflict($"Job '{job}' has no lake: it does not say ToLake().")
            : await lake.RewriteAsync(found, context.RequestAborted) ? TypedResults.Accepted($"/jobs/{job}", new JobAct(job, "rewriting", who))
            : Problems.Conflict($"Job '{job}' has results in its lake that are too old for the table (KeepResults): they would be lost."));

    /// <summary>Does what an operator wants of a job that is there.</summary>
    private static async Task<IResult> ActAsync(string job, HttpContext context, JobDirectory jobs, Func<Job, string, Task<IResult>> act)
    {
        var checks = new Checks();
        var who = context.ReadOperator(checks);
        if (checks.Problem is { } problem)
            return problem;
        return jobs.Find(job) is { } found ? await act(found, who) : Missing(job);
    }

    private static void MapSavepoints(RouteGroupBuilder jobs)
    {
        jobs.MapGet("/{job}/savepoints", SavepointsAsync).WithSummary("Its savepoints, newest first");
        jobs.MapPost("/{job}/savepoints", TakeSavepointAsync).WithSummary("Keep all that it has now under a name; it goes on");
        jobs.MapPost("/{job}/savepoints/{name}/restore", RestoreAsync).WithSummary("Set it back to a savepoint")
            .WithDescription("Silos do it within a second. Results of windows that closed since come again, in topics too. Other jobs are not touched.");
        jobs.MapDelete("/{job}/savepoints/{name}", DeleteSavepointAsync).WithSummary("Throw a savepoint away");
    }

    private static async Task<Results<Tagged<Page<Savepoint>>, ProblemHttpResult>> SavepointsAsync(
        string job, JobDirectory jobs, JobSavepoints savepoints, CancellationToken cancellationToken) =>
        jobs.Find(job) is { } found ? new Tagged<Page<Savepoint>>(new(await savepoints.ListAsync(found, cancellationToken), null)) : Missing(job);

    private static async Task<IResult> TakeSavepointAsync(string job, SavepointRequest request, HttpContext context, JobDirectory jobs, JobSavepoints savepoints)
    {
        var checks = new Checks();
        var who = context.ReadOperator(checks);
        if (request.Name is not { Length: > 0 and <= 60 } name || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            checks.Add("name", "It must be 1 to 60 letters, digits, '-', '_' and '.'.");
        if (checks.Problem is { } problem)
            return problem;
        if (jobs.Find(job) is not { } found)
            return Missing(job);
        return await savepoints.CreateAsync(found, request.Name!, who, context.RequestAborted) switch
        {
            SavepointOutcome.Exists => Problems.Conflict($"Job '{job}' has a savepoint '{request.Name}' already; delete it first, or choose another name."),
            SavepointOutcome.NothingKept => Problems.Conflict($"Job '{job}' has kept nothing yet: its first checkpoint comes within a second of its first record."),
            _ => TypedResults.Created($"/jobs/{job}/savepoints", new SavepointAct(job, request.Name!, who)),
        };
    }

    private static Task<IResult> RestoreAsync(
        string job, string name, HttpContext context, JobDirectory jobs, JobSavepoints savepoints, BrokerWatermarks broker, PlatformTopics topics) => ActAsync(job, context, jobs, async (found, who) =>
    {
        if ((await savepoints.ListAsync(found, context.RequestAborted)).FirstOrDefault(s => s.Name == name) is { } known
            && Dropped(known, topics.BrokerNameOf(found.Topic), await broker.GetAsync(context.RequestAborted)) is { } dropped)
            return Problems.Conflict(dropped);
        return await savepoints.RestoreAsync(found, name, context.RequestAborted) switch
        {
            SavepointOutcome.Missing => Problems.NotFound($"Job '{job}' has no savepoint '{name}'; /jobs/{job}/savepoints lists them."),
            SavepointOutcome.InLakeAlone => Problems.Conflict($"Job '{job}' has results in its lake that are too old for the table (KeepResults); the lake would have to be written anew, and they would be lost. Give the job another name."),
            SavepointOutcome.OtherPartitions => Problems.Conflict($"The topic of job '{job}' has partitions that savepoint '{name}' does not know, or was created again since: it cannot go back to it."),
            SavepointOutcome.DoesNotFit => Problems.Conflict($"Savepoint '{name}' does not fit job '{job}' as it is now ({found.StateShape}): run the version that wrote it, or give the job another name."),
            _ => TypedResults.Accepted($"/jobs/{job}", new SavepointAct(job, name, who)),
        };
    });

    /// <summary>What Kafka does not have any more of what a job would read again, or null.</summary>
    private static string? Dropped(Savepoint savepoint, string topic, IReadOnlyDictionary<Confluent.Kafka.TopicPartition, Watermarks> marks)
    {
        foreach (var (partition, offset) in savepoint.Offsets)
        {
            if (marks.TryGetValue(new(topic, partition), out var mark) && mark.Low > offset)
                return $"Savepoint '{savepoint.Name}' stands at offset {offset} of {topic}/{partition}, but Kafka has dropped everything below {mark.Low}: nothing can go on from there.";
        }

        return null;
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteSavepointAsync(
        string job, string name, JobDirectory jobs, JobSavepoints savepoints, CancellationToken cancellationToken)
    {
        if (jobs.Find(job) is not { } found)
            return Missing(job);
        return await savepoints.DeleteAsync(found, name, cancellationToken)
            ? TypedResults.NoContent()
            : Problems.NotFound($"Job '{job}' has no savepoint '{name}'; /jobs/{job}/savepoints lists them.");
    }

    private static async Task<Tagged<Page<JobView>>> ListAsync(JobStatuses statuses, CancellationToken cancellationToken) =>
        new(new(await statuses.ListAsync(cancellationToken), null));

    private static async Task<Results<Tagged<JobDetail>, ProblemHttpResult>> GetAsync(string job, JobStatuses statuses, CancellationToken cancellationToken) =>
        await statuses.GetAsync(job, cancellationToken) is { } found ? new Tagged<JobDetail>(found) : Missing(job);

    private static async Task<Results<Tagged<Page<CheckpointStatus>>, ProblemHttpResult, ValidationProblem>> CheckpointsAsync(
        string job, [AsParameters] PageQuery page, JobDirectory jobs, JobCatalog catalog, CancellationToken cancellationToken)
    {
        var checks = new Checks();
        var limit = page.ReadLimit(checks);
        if (checks.Problem is { } problem)
            return problem;
        return jobs.Find(job) is { } found
            ? new Tagged<Page<CheckpointStatus>>(new(await catalog.CheckpointsAsync(found, limit, cancellationToken), null))
            : Missing(job);
    }

    private static async Task<Results<Tagged<Page<JobError>>, ProblemHttpResult, ValidationProblem>> ExceptionsAsync(
        string job, [AsParameters] PageQuery page, JobDirectory jobs, JobCatalog catalog, CancellationToken cancellationToken)
    {
        var checks = new Checks();
        var limit = page.ReadLimit(checks);
        if (checks.Problem is { } problem)
            return problem;
        return jobs.Find(job) is null ? Missing(job) : new Tagged<Page<JobError>>(new(await catalog.ErrorsAsync(job, limit, cancellationToken), null));
    }

    internal static ProblemHttpResult Missing(string job) => Problems.NotFound($"There is no job '{job}'; /jobs lists them.");
}

/// <summary>What an operator asked of a job; silos do it within a second.</summary>
public sealed record JobAct(string Job, string State, string Operator);

/// <summary>A savepoint that is asked for.</summary>
/// <param name="Name">Its name: 1 to 60 letters, digits, '-', '_' and '.'.</param>
internal sealed record SavepointRequest(string? Name);

/// <summary>What was done with a savepoint.</summary>
public sealed record SavepointAct(string Job, string Savepoint, string Operator);

/// <summary>Which results.</summary>
internal sealed record ResultsQuery(
    [property: Description("The results of a key.")] string? Key,
    [property: Description("Windows that start at or after this time (RFC 3339).")] string? From,
    [property: Description("Windows that start before this time (RFC 3339).")] string? To,
    [property: Description("open, closed, final or all; all unless given.")] string? State);

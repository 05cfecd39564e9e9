using EventPlatform.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace EventPlatform.AspNetCore.Health;

/// <summary>Whether the process lives, and whether the system behind it is ready.</summary>
internal static class HealthEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static void AddHealth(this WebApplicationBuilder builder) => builder.Services.AddHealthChecks()
        .AddCheck<PostgresCheck>("postgres", timeout: Patience)
        .AddCheck<KafkaCheck>("kafka", timeout: Patience)
        .AddCheck<StreamsCheck>("partitions", HealthStatus.Degraded, timeout: Patience)
        .AddCheck<ClusterCheck>("cluster", timeout: Patience)
        .AddCheck<ProjectionsCheck>("projections", timeout: Patience);

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").WithTags("Health");
        health.MapGet("/live", () => TypedResults.Ok(new HealthAnswer("healthy", []))).WithSummary("The process answers");
        health.MapGet("/ready", ReadyAsync).WithSummary("Each part of the system, and what to do where one is not well")
            .WithDescription("200 while the system does its work (healthy or degraded), 503 when it cannot.");
    }

    private static async Task<JsonHttpResult<HealthAnswer>> ReadyAsync(HealthCheckService checks, HttpContext context)
    {
        var report = await checks.CheckHealthAsync(context.RequestAborted);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(new HealthAnswer(Name(report.Status), [.. report.Entries.Select(e => Answer(e.Key, e.Value))]),
            ApiJson.Options, statusCode: report.Status == HealthStatus.Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
    }

    private static PartHealth Answer(string part, HealthReportEntry entry) => new(
        part, Name(entry.Status), entry.Description is { Length: > 0 } and var text && entry.Exception is null ? text : Advice(part, entry.Exception),
        Math.Round(entry.Duration.TotalMilliseconds, 1));

    private static string Advice(string part, Exception? exception)
    {
        var said = exception is null or OperationCanceledException ? "Does not answer in time." : exception.Message;
        return $"{said} {part switch
        {
            "postgres" => "Check that Postgres runs and that ConnectionStrings:Postgres is right. Work waits, and goes on by itself.",
            "kafka" => "Check that the broker runs and that Kafka:BootstrapServers is right. Work goes on by itself.",
            "partitions" => "What the silos read cannot be told now. Each tells its own at its /health/ready.",
            "cluster" => "Check that a silo runs with the same Cluster:Id and Postgres.",
            _ => "See the log.",
        }}";
    }

    private static string Name(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}

/// <summary>The health of the system.</summary>
/// <param name="Status"><c>healthy</c>, <c>degraded</c> (it works, but someone should look) or <c>unhealthy</c>.</param>
/// <param name="Parts">Each part.</param>
public sealed record HealthAnswer(string Status, IReadOnlyList<PartHealth> Parts);

/// <summary>The health of a part.</summary>
/// <param name="Part">The part.</param>
/// <param name="Status">As of the whole.</param>
/// <param name="Detail">What is the case, and what to do.</param>
/// <param name="Milliseconds">How long it took to find out.</param>
public sealed record PartHealth(string Part, string Status, string Detail, double Milliseconds);

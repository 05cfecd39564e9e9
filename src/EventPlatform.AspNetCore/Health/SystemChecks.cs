using EventPlatform.AspNetCore.Cluster;
using EventPlatform.AspNetCore.Topics;
using EventStore.Projections;
using EventStore.Reading;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace EventPlatform.AspNetCore.Health;

/// <summary>Postgres answers a read of the event store.</summary>
internal sealed class PostgresCheck(IEventReader reader) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await reader.ReadNewestAsync(1, cancellationToken);
        return HealthCheckResult.Healthy("Answers.");
    }
}

/// <summary>The broker answers, and still holds what the consumers have not read.</summary>
internal sealed class KafkaCheck(TopicReader topics) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var all = await topics.ListAsync(cancellationToken);
        var gaps = all.SelectMany(t => t.Partitions.Where(p => p.Gap is not null)
            .Select(p => $"{t.Name}/{p.Partition}: {p.Gap} records were removed by retention before {p.Consumer} read them")).ToArray();
        return gaps.Length == 0
            ? HealthCheckResult.Healthy($"Answers; {all.Count} topics.")
            : HealthCheckResult.Degraded($"{string.Join("; ", gaps)}. Give the topic a longer retention; see the runbook for what the configured policy does.");
    }
}

/// <summary>At least one silo answers.</summary>
internal sealed class ClusterCheck(SiloCount silos) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await silos.GetAsync(cancellationToken) is > 0 and var count
            ? HealthCheckResult.Healthy($"{count} silo{(count == 1 ? "" : "s")}.")
            : HealthCheckResult.Unhealthy("No silo is active. Start one.");
}

/// <summary>No projection has failed, and the mark up to which they may read moves.</summary>
internal sealed class ProjectionsCheck(IProjections projections) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await projections.ProblemsAsync(cancellationToken) is { Count: > 0 } problems
            ? HealthCheckResult.Degraded(string.Join(" ", problems))
            : HealthCheckResult.Healthy("All run.");
}

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
internal sealed class KafkaCheck(BrokerWatermarks broker, TopicReader topics, TimeProvider time) : IHealthCheck
{
    // Others say what keeps these from answering: that must not be called the broker's.
    private static readonly TimeSpan PositionsPatience = TimeSpan.FromSeconds(1.5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var held = (await broker.GetAsync(cancellationToken)).Select(p => p.Key.Topic).Distinct().Count();
        IReadOnlyList<TopicView> all;
        try
        {
            all = await topics.ListAsync(cancellationToken).WaitAsync(PositionsPatience, time, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return HealthCheckResult.Healthy($"Answers; {held} topics. How far they are read cannot be told now; see the other parts.");
        }

        var gaps = all.SelectMany(t => t.Partitions.Where(p => p.Gap is not null)
            .Select(p => $"{t.Name}/{p.Partition}: {p.Gap} records were removed by retention before {p.Consumer} read them")).ToArray();
        return gaps.Length == 0
            ? HealthCheckResult.Healthy($"Answers; {all.Count} topics.")
            : HealthCheckResult.Degraded($"{string.Join("; ", gaps)}. Give the topic a longer retention; see the runbook for what the configured policy does.");
    }
}

/// <summary>The silos read every partition of every topic that the application has.</summary>
internal sealed class StreamsCheck(ClusterGrains grains) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await grains.StreamTroublesAsync(cancellationToken) is { Count: > 0 } troubles
            ? HealthCheckResult.Degraded($"{string.Join("; ", troubles)}. See the runbook; the others are read.")
            : HealthCheckResult.Healthy("Every partition is read.");
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

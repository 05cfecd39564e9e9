using EventPlatform.DeadLetters;
using EventPlatform.Hosting;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Streams.Kafka;

namespace EventPlatform.AspNetCore.Silos;

internal static class SiloHealth
{
    /// <summary><c>/health/live</c>: the process answers. <c>/health/ready</c>: it reads what it owns; the body says which partition does not, and why.</summary>
    public static void MapSiloHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { ResponseWriter = WriteAsync });
    }

    /// <summary><c>/streams</c>: the topics and partitions that this silo reads.</summary>
    public static void MapStreams(this WebApplication app) =>
        app.MapGet("/streams", (IKafkaStreamsStatus status) => new { status.Topics, status.Partitions }).ExcludeFromDescription();

    private static Task WriteAsync(HttpContext context, HealthReport report) => context.Response.WriteAsJsonAsync(new
    {
        status = report.Status.ToString(),
        checks = report.Entries.Select(e => new { name = e.Key, status = e.Value.Status.ToString(), e.Value.Description, e.Value.Data }),
    });

    /// <summary>Whether the dead letters reach the topic that mirrors them. Nothing else waits for it.</summary>
    internal sealed class MirrorCheck(DeadLetterMirrorStatus? mirror = null) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(mirror switch
            {
                null => HealthCheckResult.Healthy("not mirrored: Kafka:DeadLetterTopic is empty"),
                { Error: { } error } => HealthCheckResult.Degraded($"{mirror.Waiting} dead letters wait to be mirrored to their topic: {error}"),
                _ => HealthCheckResult.Healthy($"{mirror.Waiting} wait to be mirrored"),
            });
    }

    /// <summary>Whether the partitions that this silo owns are read.</summary>
    internal sealed class StreamsCheck(IKafkaStreamsStatus status, StreamTroubles streams) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var troubles = streams.List();
            var stopped = status.Partitions.Any(p => p.State == KafkaPartitionState.StoppedAtGap);
            return Task.FromResult(troubles.Length == 0 ? HealthCheckResult.Healthy($"{status.Partitions.Count} partitions are read")
                : stopped ? HealthCheckResult.Unhealthy(string.Join("; ", troubles))
                : HealthCheckResult.Degraded(string.Join("; ", troubles)));
        }
    }
}

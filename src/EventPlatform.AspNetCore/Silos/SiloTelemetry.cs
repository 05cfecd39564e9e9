using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace EventPlatform.AspNetCore.Silos;

internal static class SiloTelemetry
{
    /// <summary>
    /// Metrics of Orleans, the runtime and the platform at <c>/metrics</c>; traces and metrics to an OpenTelemetry collector where
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names one.
    /// </summary>
    public static void AddSiloTelemetry(this WebApplicationBuilder builder)
    {
        builder.Services.AddHealthChecks().AddCheck<SiloHealth.StreamsCheck>("streams").AddCheck<SiloHealth.MirrorCheck>("dead-letter mirror");
        var telemetry = builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics
                .AddMeter("Microsoft.Orleans", "Orleans.Streams.Kafka", "EventStore", "EventPlatform", "StreamJobs", "Npgsql")
                // They are labelled by stream and grain: a series per user, for each delivery.
                .AddView("orleans-streams-persistent-stream-messages-*", MetricStreamConfiguration.Drop)
                .AddRuntimeInstrumentation()
                .AddPrometheusExporter())
            .WithTracing(tracing => tracing.AddSource("Orleans.Streams.Kafka", "EventStore", "EventPlatform", "Microsoft.Orleans.Application"));
        if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 })
            telemetry.WithMetrics(metrics => metrics.AddOtlpExporter()).WithTracing(tracing => tracing.AddOtlpExporter());
    }
}

using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace EventPlatform.AspNetCore.Hosting;

/// <summary>Metrics at /metrics; traces and metrics over OTLP where OTEL_EXPORTER_OTLP_ENDPOINT says so.</summary>
internal static class Telemetry
{
    /// <summary>Of an API alone.</summary>
    public static void AddApiTelemetry(this WebApplicationBuilder builder)
    {
        builder.AddApiMeters();
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(builder.Environment.ApplicationName))
            .WithMetrics(metrics => metrics
                .AddMeter("streaming.*", "EventStore", "EventStore.*", "Orleans.*", "Microsoft.Orleans", "Npgsql")
                .AddRuntimeInstrumentation()
                .AddPrometheusExporter())
            .WithTracing(tracing => tracing.AddSource("EventStore", "EventStore.*", "EventPlatform", "Orleans.*", "Microsoft.Orleans.*", "Npgsql"));
        if (!string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            telemetry.UseOtlpExporter();
    }

    /// <summary>What an API has beyond a silo: requests, and records that came with them.</summary>
    public static void AddApiMeters(this WebApplicationBuilder builder) => builder.Services.AddOpenTelemetry()
        .WithMetrics(metrics => metrics.AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", ApiMetrics.MeterName))
        .WithTracing(tracing => tracing.AddAspNetCoreInstrumentation(http => http.Filter = context => !IsNoise(context.Request.Path)));

    private static bool IsNoise(PathString path) =>
        path.StartsWithSegments("/health") || path.StartsWithSegments("/metrics") || path.StartsWithSegments("/live") || path.StartsWithSegments("/dashboard");
}

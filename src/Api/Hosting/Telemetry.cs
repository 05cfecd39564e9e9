using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Api.Hosting;

/// <summary>Metrics at /metrics; traces and metrics over OTLP where OTEL_EXPORTER_OTLP_ENDPOINT says so.</summary>
internal static class Telemetry
{
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("streaming-api"))
            .WithMetrics(metrics => metrics
                .AddMeter("streaming.*", "EventStore", "EventStore.*", "Orleans.*", "Microsoft.Orleans", "Npgsql", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel")
                .AddMeter(ApiMetrics.MeterName)
                .AddRuntimeInstrumentation()
                .AddPrometheusExporter())
            .WithTracing(tracing => tracing
                .AddSource("EventStore", "EventStore.*", "EventPlatform", "Orleans.*", "Microsoft.Orleans.*", "Npgsql")
                .AddAspNetCoreInstrumentation(http => http.Filter = context => !IsNoise(context.Request.Path)));
        if (!string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            telemetry.UseOtlpExporter();
    }

    public static void MapMetrics(this IEndpointRouteBuilder routes) => routes.MapPrometheusScrapingEndpoint("/metrics");

    private static bool IsNoise(PathString path) =>
        path.StartsWithSegments("/health") || path.StartsWithSegments("/metrics") || path.StartsWithSegments("/live") || path.StartsWithSegments("/dashboard");
}

using EventPlatform.AspNetCore.Http;
using EventPlatform.AspNetCore.Projections;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Scalar.AspNetCore;

namespace EventPlatform.AspNetCore.Hosting;

/// <summary>What every endpoint relies on: limits, error answers, JSON, the OpenAPI document.</summary>
internal static class HostingSetup
{
    public static void AddApiHosting(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<ApiOptions>().BindConfiguration(ApiOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ApiOptions>, ApiOptionsValidator>();
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, ListenGuard>();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<ApiMetrics>();

        services.AddProblemDetails(problems => problems.CustomizeProblemDetails = Problems.Complete);
        services.AddExceptionHandler<ProjectionProblems>();
        services.AddExceptionHandler<ExceptionProblems>();
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));

        services.AddRequestTimeouts();
        services.AddOptions<RequestTimeoutOptions>().Configure<IOptions<ApiOptions>>((timeouts, api) =>
            timeouts.DefaultPolicy = new RequestTimeoutPolicy
            {
                Timeout = api.Value.RequestTimeout,
                TimeoutStatusCode = StatusCodes.Status503ServiceUnavailable,
                WriteTimeoutResponse = Problems.WriteTimeoutAsync,
            });
        services.AddOpenApi("v1", ApiDescription.Configure);
    }

    public static void UseApiHosting(this WebApplication app)
    {
        app.UseMiddleware<SecurityHeaders>();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseMiddleware<OtherSites>();
        app.UseMiddleware<RequestSize>();
        if (Directory.Exists(app.Environment.WebRootPath)) // the application's own pages, if it has any
        {
            app.UseDefaultFiles();
            app.UseStaticFiles(new StaticFileOptions
            {
                // A page changes with the release: ask each time, which the ETag makes cheap.
                OnPrepareResponse = context => context.Context.Response.Headers.CacheControl = "no-cache",
            });
        }

        app.UseRouting();
        app.UseSlashesInIds();
        app.UseRequestTimeouts();
        app.MapOpenApi().DisableRequestTimeout(); // the first one takes a while on a small machine
        app.MapScalarApiReference(scalar => scalar.WithTitle("Streaming platform").DisableDefaultFonts().DisableTelemetry().DisableAgent().DisableMcp().HideDeveloperTools());
    }
}

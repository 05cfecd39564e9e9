using EventPlatform.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Api.Live;

/// <summary>Server-sent events: <c>history</c> once, then a <c>snapshot</c> about twice a second.</summary>
internal static class LiveEndpoints
{
    public static void AddLive(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<LiveOptions>().BindConfiguration(LiveOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<LiveOptions>, LiveOptionsValidator>();
        builder.Services.AddSingleton<LiveClients>();
        builder.Services.AddSingleton<LiveMetrics>();
        builder.Services.AddSingleton<EventTail>();
        builder.Services.AddSingleton<LiveWindows>();
        builder.Services.AddSingleton<LiveSources>();
        builder.Services.AddSingleton<LiveFeed>();
        builder.Services.AddHostedService(services => services.GetRequiredService<LiveFeed>());
    }

    public static void MapLive(this IEndpointRouteBuilder routes)
    {
        routes.ServiceProvider.GetRequiredService<LiveMetrics>(); // they are there from the start, whatever is asked first
        routes.MapGet("/live", StreamAsync).WithTags("Live")
            .WithSummary("Server-sent events: history once, then a snapshot about twice a second")
            .WithDescription("A client that does not read is let go after a few seconds; it may come back.")
            .Produces(StatusCodes.Status200OK, contentType: "text/event-stream").ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .DisableRequestTimeout();
    }

    private static async Task StreamAsync(HttpContext context, LiveFeed feed, IHostApplicationLifetime lifetime)
    {
        if (feed.TryJoin() is not { } client)
        {
            await Problems.WriteUnavailableAsync(context, "The live feed has as many clients as Api:MaxLiveClients allows.");
            return;
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping, client.Dropped);
        try
        {
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.CacheControl = "no-store";
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            await foreach (var message in client.Messages.ReadAllAsync(ended.Token))
            {
                await context.Response.Body.WriteAsync(message, ended.Token);
                await context.Response.Body.FlushAsync(ended.Token);
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            context.Abort(); // a stalled client would hold an orderly end for as long as it likes
        }
        finally
        {
            feed.Leave(client);
        }
    }
}

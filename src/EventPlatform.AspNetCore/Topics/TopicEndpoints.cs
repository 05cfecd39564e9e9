using EventPlatform.AspNetCore.Hosting;
using EventPlatform.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace EventPlatform.AspNetCore.Topics;

/// <summary>The topics, and how far the slowest consumer of each partition is.</summary>
internal static class TopicEndpoints
{
    public static void AddTopics(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<KafkaConnection>();
        builder.Services.AddSingleton<IValidateOptions<ApiOptions>, KafkaConnectionValidator>();
        builder.Services.AddSingleton<BrokerClients>();
        builder.Services.AddSingleton<BrokerWatermarks>();
        builder.Services.AddSingleton<TopicIncarnations>();
        builder.Services.AddSingleton<TopicReader>();
    }

    public static void MapTopics(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/topics", ListAsync).WithTags("Topics").WithSummary("Every topic: watermarks, position and lag of the slowest consumer, jobs included");

    private static async Task<Page<TopicView>> ListAsync(TopicReader topics, CancellationToken cancellationToken) =>
        new(await topics.ListAsync(cancellationToken), null);
}

using System.Text.Json;
using EventPlatform.AspNetCore.Http;

namespace EventPlatform.AspNetCore.Events.Ingest;

/// <summary>Records over HTTP: checked, encoded, and acknowledged by Kafka before the answer.</summary>
internal static class IngestEndpoints
{
    public const string Description = """
        One record, or an array of them. Names may be the schema's (`user_id`) or `userId`; `eventId` and `timestamp`, where the records have them, may be left out.
        The answer comes after Kafka's acknowledgement and gives each record's place. With an `Idempotency-Key` the event ids follow from it:
        sent again it has one effect, and then `timestamp` is required.
        """;

    public static void AddIngest(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<TopicSchemas>();
        builder.Services.AddSingleton<IngestTopics>();
        builder.Services.AddSingleton<IngestProducer>();
        builder.Services.AddSingleton<IngestDesk>();
    }

    public static void MapIngest(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/events/{topic}", IngestAsync).WithTags("Events").WithSummary("Put records on a topic").WithDescription(Description)
            .Produces<Page<IngestResult>>(StatusCodes.Status202Accepted);

    private static Task<IResult> IngestAsync(string topic, JsonElement body, HttpContext context, IngestTopics topics, IngestDesk desk) =>
        topics.Find(topic) is { } found ? desk.TakeAsync(found, body, context)
            : Task.FromResult<IResult>(Problems.NotFound($"There is no topic '{topic}' that takes records over HTTP. Topics: {topics.Names}."));
}

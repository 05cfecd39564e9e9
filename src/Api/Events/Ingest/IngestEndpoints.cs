using System.Text.Json;
using Api.Http;

namespace Api.Events.Ingest;

/// <summary>Records over HTTP: checked, encoded, and acknowledged by Kafka before the answer.</summary>
internal static class IngestEndpoints
{
    private const string Description = """
        One record, or an array of them. Names may be the schema's (`user_id`) or `userId`; `eventId`, `timestamp` and `metadata` may be left out.
        The answer comes after Kafka's acknowledgement and gives each record's place. With an `Idempotency-Key` the event ids follow from it:
        sent again it has one effect, and then `timestamp` is required. Example: `{"userId":"u1","eventType":"PAGE_VIEW","pageUrl":"/"}`
        """;

    public static void AddIngest(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<TopicSchemas>();
        builder.Services.AddSingleton<IIngestTopic, UserEventsTopic>();
        builder.Services.AddSingleton<IIngestTopic, TransactionsTopic>();
        builder.Services.AddSingleton<IngestTopics>();
        builder.Services.AddSingleton<IngestProducer>();
        builder.Services.AddSingleton<IngestDesk>();
    }

    public static void MapIngest(this IEndpointRouteBuilder routes)
    {
        var events = routes.MapGroup("/events").WithTags("Events");
        events.MapPost("/", IngestAnyAsync).WithSummary("Put records on the topic that their fields name").WithDescription(Description)
            .Produces<Page<IngestResult>>(StatusCodes.Status202Accepted);
        events.MapPost("/{topic}", IngestAsync).WithSummary("Put records on a topic").WithDescription(Description)
            .Produces<Page<IngestResult>>(StatusCodes.Status202Accepted);
    }

    private static Task<IResult> IngestAnyAsync(JsonElement body, HttpContext context, IngestTopics topics, IngestDesk desk) =>
        topics.Recognise(body) is { } topic ? desk.TakeAsync(topic, body, context)
            : Task.FromResult<IResult>(Problems.Invalid(new Dictionary<string, string[]>
            {
                ["body"] = [$"It is no record of any topic: user events have an eventType, transactions an accountId. Topics: {topics.Names}."],
            }));

    private static Task<IResult> IngestAsync(string topic, JsonElement body, HttpContext context, IngestTopics topics, IngestDesk desk) =>
        topics.Find(topic) is { } found ? desk.TakeAsync(found, body, context)
            : Task.FromResult<IResult>(Problems.NotFound($"There is no topic '{topic}' that takes records over HTTP. Topics: {topics.Names}."));
}

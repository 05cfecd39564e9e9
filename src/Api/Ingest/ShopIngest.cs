using System.Text.Json;
using EventPlatform.AspNetCore.Events.Ingest;
using EventPlatform.AspNetCore.Http;

namespace Api.Ingest;

/// <summary>The shop's records over HTTP: checked beyond their types, and sent to the topic that their fields name.</summary>
internal static class ShopIngest
{
    public static void AddShopIngest(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IIngestTopic, UserEventsTopic>();
        builder.Services.AddSingleton<IIngestTopic, TransactionsTopic>();
    }

    public static void MapShopIngest(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/events", IngestAsync).WithTags("Events").WithSummary("Put records on the topic that their fields name")
            .WithDescription($$"""{{IngestEndpoints.Description}} So may `metadata`. Example: `{"userId":"u1","eventType":"PAGE_VIEW","pageUrl":"/"}`""")
            .Produces<Page<IngestResult>>(StatusCodes.Status202Accepted);

    private static Task<IResult> IngestAsync(JsonElement body, HttpContext context, IEnumerable<IIngestTopic> topics, IngestTopics all, IngestDesk desk)
    {
        var first = body.ValueKind == JsonValueKind.Array && body.GetArrayLength() > 0 ? body[0] : body;
        return topics.OfType<IShopTopic>().FirstOrDefault(t => RecordJson.Has(first, t.Marker)) is { } topic ? desk.TakeAsync(topic, body, context)
            : Task.FromResult<IResult>(Problems.Invalid(new Dictionary<string, string[]>
            {
                ["body"] = [$"It is no record of any topic: user events have an eventType, transactions an accountId. Topics: {all.Names}."],
            }));
    }
}

using Microsoft.AspNetCore.OpenApi;

namespace EventPlatform.AspNetCore.Hosting;

/// <summary>What the OpenAPI document says beyond the endpoints.</summary>
internal static class ApiDescription
{
    public static void Configure(OpenApiOptions options) => options.AddDocumentTransformer((document, _, _) =>
    {
        document.Info.Title = "Streaming platform";
        document.Info.Description = """
            Events from Kafka, stored exactly once in Postgres by virtual actors, and the projections of them.
            Lists are `items` with a `next` cursor. Errors are problem+json (RFC 9457) and say what to do.
            A 503 carries Retry-After; commands may be repeated with the same `Idempotency-Key`.
            """;
        return Task.CompletedTask;
    });
}

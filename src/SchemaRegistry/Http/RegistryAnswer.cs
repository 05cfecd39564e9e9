using System.Text.Json;

namespace SchemaRegistry.Http;

/// <summary>An answer in the form of the Confluent registry.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Json">The body.</param>
public sealed record RegistryAnswer(int Status, string Json)
{
    /// <summary>The content type of every answer.</summary>
    public const string ContentType = "application/vnd.schemaregistry.v1+json";

    internal static RegistryAnswer Ok(object body) => new(200, JsonSerializer.Serialize(body));

    // The first three digits of a code are the status.
    internal static RegistryAnswer Error(int code, string message) =>
        new(code > 999 ? code / 100 : code, JsonSerializer.Serialize(new { error_code = code, message }));
}

/// <summary>The body of a request: a schema.</summary>
/// <param name="Schema">The schema as JSON in a string.</param>
/// <param name="SchemaType">AVRO, which is also the default; others are refused.</param>
public sealed record SchemaRequest(string? Schema, string? SchemaType = null);

namespace EventPlatform.AspNetCore.Schemas;

/// <summary>An error in the form of the Confluent API, which its clients read.</summary>
internal static class RegistryError
{
    public const string ContentType = "application/vnd.schemaregistry.v1+json";

    public static IResult SubjectNotFound(string subject) => Of(404, 40401, $"Subject '{subject}' not found.");

    public static IResult VersionNotFound(string version) => Of(404, 40402, $"Version {version} not found.");

    public static IResult SchemaNotFound(string detail) => Of(404, 40403, detail);

    public static IResult InvalidVersion(string version) => Of(422, 42202, $"The specified version '{version}' is not a valid version id: a number from 1, or 'latest'.");

    public static IResult InvalidSchema(string detail) => Of(422, 42201, detail);

    public static IResult Incompatible(string detail) => Of(409, 409, detail);

    private static IResult Of(int status, int code, string message) =>
        Results.Json(new Body(code, message), statusCode: status, contentType: ContentType);

    private sealed record Body(
        [property: System.Text.Json.Serialization.JsonPropertyName("error_code")] int ErrorCode, string Message);
}

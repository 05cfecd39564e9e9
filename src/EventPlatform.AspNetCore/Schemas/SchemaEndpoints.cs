using SchemaRegistry;
using SchemaRegistry.Compatibility;
using SchemaRegistry.Registries;

namespace EventPlatform.AspNetCore.Schemas;

/// <summary>The schema registry in the HTTP form of Confluent's, so that producers in other languages can use it.</summary>
internal static class SchemaEndpoints
{
    public static void MapSchemas(this IEndpointRouteBuilder routes)
    {
        var registry = routes.MapGroup("/schema-registry").WithTags("Schema registry").AddEndpointFilter<RegistryErrors>();
        registry.MapGet("/", () => Json(new { })).WithSummary("The registry answers");
        registry.MapGet("/schemas/types", () => Json(new[] { "AVRO" })).WithSummary("The kinds of schema");
        registry.MapGet("/schemas/ids/{id:int}", GetByIdAsync).WithSummary("A schema by its id");
        registry.MapGet("/schemas/ids/{id:int}/versions", VersionsOfIdAsync).WithSummary("The subjects and versions that have a schema");
        registry.MapGet("/subjects", SubjectsAsync).WithSummary("Every subject");
        registry.MapPost("/subjects/{subject}", LookUpAsync).WithSummary("Find a schema under a subject");
        registry.MapGet("/subjects/{subject}/versions", VersionsAsync).WithSummary("The versions of a subject");
        registry.MapPost("/subjects/{subject}/versions", RegisterAsync).WithSummary("Register a schema")
            .WithDescription("409 names the field and the rule when it is not compatible.");
        registry.MapGet("/subjects/{subject}/versions/{version}", VersionAsync).WithSummary("One version of a subject, or the latest");
        registry.MapGet("/subjects/{subject}/versions/{version}/schema", VersionSchemaAsync).WithSummary("Only the schema of a version");
        registry.MapPost("/compatibility/subjects/{subject}/versions/{version}", CheckAsync).WithSummary("Would this schema be accepted?");
        registry.MapGet("/config", () => Json(new ConfigAnswer(Name(CompatibilityRule.Backward)))).WithSummary("The rule of subjects that name none");
        registry.MapGet("/config/{subject}", (string subject, ISchemaRegistry r) => Json(new ConfigAnswer(Name(RuleOf(r, subject)))))
            .WithSummary("A subject's compatibility rule");
        registry.MapGet("/mode", () => Json(new { mode = "READWRITE" })).WithSummary("Whether schemas can be registered");
    }

    private static async Task<IResult> GetByIdAsync(int id, ISchemaRegistry registry, CancellationToken cancellationToken) =>
        Json(new SchemaAnswer(await registry.GetByIdAsync(id, cancellationToken)));

    private static async Task<IResult> VersionsOfIdAsync(int id, ISchemaRegistry registry, CancellationToken cancellationToken)
    {
        var all = (await registry.ListAsync(cancellationToken)).Where(s => s.Id == id).Select(s => new SubjectVersionPair(s.Subject, s.Version)).ToArray();
        return all.Length == 0 ? RegistryError.SchemaNotFound($"Schema {id} not found.") : Json(all);
    }

    private static async Task<IResult> SubjectsAsync(ISchemaRegistry registry, CancellationToken cancellationToken) =>
        Json((await registry.ListAsync(cancellationToken)).Select(s => s.Subject).Distinct());

    private static async Task<IResult> VersionsAsync(string subject, ISchemaRegistry registry, CancellationToken cancellationToken)
    {
        var versions = await VersionsOfAsync(registry, subject, cancellationToken);
        return versions.Count == 0 ? RegistryError.SubjectNotFound(subject) : Json(versions.Select(v => v.Version));
    }

    private static async Task<IResult> VersionAsync(string subject, string version, ISchemaRegistry registry, CancellationToken cancellationToken) =>
        await FindAsync(registry, subject, version, cancellationToken) is (var found, var error) && found is not null ? Json(SubjectVersion.Of(found)) : error!;

    private static async Task<IResult> VersionSchemaAsync(string subject, string version, ISchemaRegistry registry, CancellationToken cancellationToken) =>
        await FindAsync(registry, subject, version, cancellationToken) is (var found, var error) && found is not null
            ? Results.Text(found.Schema, RegistryError.ContentType) : error!;

    private static async Task<IResult> RegisterAsync(string subject, SchemaRequest request, ISchemaRegistry registry, CancellationToken cancellationToken) =>
        Refusal(request) ?? Json(new SchemaIdAnswer((await registry.RegisterAsync(subject, request.Schema!, cancellationToken)).Id));

    private static async Task<IResult> LookUpAsync(string subject, SchemaRequest request, ISchemaRegistry registry, CancellationToken cancellationToken)
    {
        if (Refusal(request) is { } refusal)
            return refusal;
        var versions = await VersionsOfAsync(registry, subject, cancellationToken);
        if (versions.Count == 0)
            return RegistryError.SubjectNotFound(subject);
        var id = SchemaId.Of(request.Schema!);
        return versions.FirstOrDefault(v => SchemaId.Of(v.Schema) == id) is { } found
            ? Json(SubjectVersion.Of(found)) : RegistryError.SchemaNotFound($"Subject '{subject}' does not have this schema.");
    }

    private static async Task<IResult> CheckAsync(
        string subject, string version, SchemaRequest request, ISchemaRegistry registry, CancellationToken cancellationToken)
    {
        if (Refusal(request) is { } refusal)
            return refusal;
        var (against, error) = await FindAsync(registry, subject, version, cancellationToken);
        if (against is null)
            return error!;
        var problems = SchemaCompatibility.Check(RuleOf(registry, subject), AvroSchema.Parse(request.Schema!), [AvroSchema.Parse(against.Schema)]);
        return Json(new CompatibilityAnswer(problems.Count == 0, problems));
    }

    private static async Task<(RegisteredSchema? Found, IResult? Error)> FindAsync(
        ISchemaRegistry registry, string subject, string version, CancellationToken cancellationToken)
    {
        var latest = version is "latest" or "-1";
        if (!latest && !(int.TryParse(version, System.Globalization.CultureInfo.InvariantCulture, out var number) && number > 0))
            return (null, RegistryError.InvalidVersion(version));
        var versions = await VersionsOfAsync(registry, subject, cancellationToken);
        if (versions.Count == 0)
            return (null, RegistryError.SubjectNotFound(subject));
        var found = latest ? versions[^1] : versions.FirstOrDefault(v => v.Version.ToString(System.Globalization.CultureInfo.InvariantCulture) == version);
        return (found, found is null ? RegistryError.VersionNotFound(version) : null);
    }

    private static async Task<IReadOnlyList<RegisteredSchema>> VersionsOfAsync(ISchemaRegistry registry, string subject, CancellationToken cancellationToken) =>
        [.. (await registry.ListAsync(cancellationToken)).Where(s => s.Subject == subject).OrderBy(s => s.Version)];

    private static IResult? Refusal(SchemaRequest request) =>
        request.SchemaType is not (null or "AVRO") ? RegistryError.InvalidSchema($"The schema type {request.SchemaType} is not supported; AVRO is.")
        : string.IsNullOrWhiteSpace(request.Schema) ? RegistryError.InvalidSchema("The schema is missing.") : null;

    private static CompatibilityRule RuleOf(ISchemaRegistry registry, string subject) =>
        registry is FolderSchemaRegistry folder ? folder.RuleOf(subject) : CompatibilityRule.Backward;

    private static string Name(CompatibilityRule rule) => System.Text.Json.JsonNamingPolicy.SnakeCaseUpper.ConvertName(rule.ToString());

    private static IResult Json<T>(T value) => Results.Json(value, contentType: RegistryError.ContentType);
}

/// <summary>The registry's exceptions as its clients expect them.</summary>
internal sealed class RegistryErrors : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (UnknownSchemaException e)
        {
            return RegistryError.SchemaNotFound(e.Message);
        }
        catch (InvalidSchemaException e)
        {
            return RegistryError.InvalidSchema(e.Message);
        }
        catch (IncompatibleSchemaException e)
        {
            return RegistryError.Incompatible(e.Message);
        }
    }
}

using System.Globalization;
using System.Text.Json;
using SchemaRegistry.Compatibility;
using SchemaRegistry.Registries;

namespace SchemaRegistry.Http;

/// <summary>
/// A folder's registry in the form of Confluent's HTTP API, so that any language's client can use it. It knows no web framework: an
/// application maps the routes named at each method.
/// </summary>
/// <param name="registry">The folder.</param>
public sealed class RegistryApi(FolderSchemaRegistry registry)
{
    private const int SubjectNotFound = 40401;
    private const int VersionNotFound = 40402;
    private const int SchemaNotFound = 40403;
    private const int InvalidSchema = 42201;
    private const int InvalidVersion = 42202;

    private static readonly JsonSerializerOptions RuleNames = new()
    {
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter<CompatibilityRule>(JsonNamingPolicy.SnakeCaseUpper) },
    };

    /// <summary><c>GET /subjects</c>.</summary>
    public Task<RegistryAnswer> SubjectsAsync(CancellationToken cancellationToken = default) => AnswerAsync(async () =>
        RegistryAnswer.Ok((await registry.ListAsync(cancellationToken)).Select(s => s.Subject).Distinct()));

    /// <summary><c>GET /subjects/{subject}/versions</c>.</summary>
    public Task<RegistryAnswer> VersionsAsync(string subject, CancellationToken cancellationToken = default) => AnswerAsync(async () =>
        await OfAsync(subject, cancellationToken) is { Count: > 0 } versions ? RegistryAnswer.Ok(versions.Select(v => v.Version)) : Unknown(subject));

    /// <summary><c>GET /subjects/{subject}/versions/{version}</c>; the version is a number or <c>latest</c>.</summary>
    public Task<RegistryAnswer> VersionAsync(string subject, string version, CancellationToken cancellationToken = default) =>
        OnVersionAsync(subject, version, found => Version(found), cancellationToken);

    /// <summary><c>GET /schemas/ids/{id}</c>.</summary>
    public Task<RegistryAnswer> SchemaAsync(int id, CancellationToken cancellationToken = default) => AnswerAsync(async () =>
        RegistryAnswer.Ok(new { schema = await registry.GetByIdAsync(id, cancellationToken) }));

    /// <summary><c>GET /schemas/types</c>.</summary>
    public RegistryAnswer Types() => RegistryAnswer.Ok(new[] { "AVRO" });

    /// <summary><c>POST /subjects/{subject}/versions</c>: registers a schema.</summary>
    public Task<RegistryAnswer> RegisterAsync(string subject, SchemaRequest request, CancellationToken cancellationToken = default) => AnswerAsync(async () =>
        RegistryAnswer.Ok(new { id = (await registry.RegisterAsync(subject, SchemaOf(request), cancellationToken)).Id }));

    /// <summary><c>POST /subjects/{subject}</c>: finds a schema under a subject.</summary>
    public Task<RegistryAnswer> LookUpAsync(string subject, SchemaRequest request, CancellationToken cancellationToken = default) => AnswerAsync(async () =>
    {
        var id = SchemaId.Of(SchemaOf(request));
        var versions = await OfAsync(subject, cancellationToken);
        return versions.Count == 0 ? Unknown(subject)
            : versions.FirstOrDefault(v => v.Id == id) is { } found ? Version(found)
            : RegistryAnswer.Error(SchemaNotFound, $"Subject '{subject}' has no such schema.");
    });

    /// <summary><c>POST /compatibility/subjects/{subject}/versions/{version}</c>: whether a schema may follow a version, by the subject's rule.</summary>
    public Task<RegistryAnswer> CheckAsync(string subject, string version, SchemaRequest request, CancellationToken cancellationToken = default) =>
        OnVersionAsync(subject, version, found =>
        {
            var messages = SchemaCompatibility.Check(registry.RuleOf(subject), AvroSchema.Parse(SchemaOf(request)), [AvroSchema.Parse(found.Schema)]);
            return RegistryAnswer.Ok(new { is_compatible = messages.Count == 0, messages });
        }, cancellationToken);

    /// <summary><c>GET /config</c> and <c>GET /config/{subject}</c>. Rules are changed in <c>subjects.json</c>, where they are reviewed like code.</summary>
    public Task<RegistryAnswer> ConfigAsync(string? subject = null) => AnswerAsync(() => Task.FromResult(new RegistryAnswer(200,
        JsonSerializer.Serialize(new { compatibilityLevel = subject is null ? CompatibilityRule.Backward : registry.RuleOf(subject) }, RuleNames))));

    private static RegistryAnswer Version(RegisteredSchema s) => RegistryAnswer.Ok(new { subject = s.Subject, version = s.Version, id = s.Id, schema = s.Schema });

    private static RegistryAnswer Unknown(string subject) => RegistryAnswer.Error(SubjectNotFound, $"Subject '{subject}' not found.");

    private static string SchemaOf(SchemaRequest request) =>
        request.SchemaType is not (null or "AVRO") ? throw new InvalidSchemaException($"Schemas of type {request.SchemaType} are not kept here, only AVRO.")
        : request.Schema ?? throw new InvalidSchemaException("The request has no 'schema'.");

    private async Task<IReadOnlyList<RegisteredSchema>> OfAsync(string subject, CancellationToken cancellationToken) =>
        [.. (await registry.ListAsync(cancellationToken)).Where(s => s.Subject == subject)];

    private Task<RegistryAnswer> OnVersionAsync(
        string subject, string version, Func<RegisteredSchema, RegistryAnswer> answer, CancellationToken cancellationToken) => AnswerAsync(async () =>
    {
        var latest = version is "latest" or "-1";
        var number = 0;
        if (!latest && (!int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out number) || number == 0))
            return RegistryAnswer.Error(InvalidVersion, $"'{version}' is no version: name a number from 1, or 'latest'.");
        var versions = await OfAsync(subject, cancellationToken);
        return versions.Count == 0 ? Unknown(subject)
            : versions.LastOrDefault(v => latest || v.Version == number) is { } found ? answer(found)
            : RegistryAnswer.Error(VersionNotFound, $"Version {version} of subject '{subject}' not found.");
    });

    private static async Task<RegistryAnswer> AnswerAsync(Func<Task<RegistryAnswer>> answer)
    {
        try
        {
            return await answer();
        }
        catch (UnknownSchemaException e)
        {
            return RegistryAnswer.Error(SchemaNotFound, e.Message);
        }
        catch (IncompatibleSchemaException e)
        {
            return RegistryAnswer.Error(409, e.Message);
        }
        catch (InvalidSchemaException e)
        {
            return RegistryAnswer.Error(InvalidSchema, e.Message);
        }
        catch (SchemaRegistryUnavailableException e)
        {
            return RegistryAnswer.Error(503, e.Message);
        }
    }
}

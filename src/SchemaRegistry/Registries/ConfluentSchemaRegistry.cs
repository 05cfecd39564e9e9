using System.Net;
using Confluent.SchemaRegistry;
using SchemaRegistry.Compatibility;

namespace SchemaRegistry.Registries;

/// <summary>
/// A registry that speaks the Confluent API. Schemas whose ids are those of a folder (see <see cref="SchemaId"/>) are looked up there, so that
/// records written before a switch to the registry stay readable; a subject's compatibility rule is the folder's, too.
/// </summary>
/// <param name="client">The registry's client, which caches.</param>
/// <param name="url">The registry's address, for messages.</param>
/// <param name="folder">The folder used before, or null.</param>
public sealed class ConfluentSchemaRegistry(ISchemaRegistryClient client, string url, FolderSchemaRegistry? folder) : ISchemaRegistry, IDisposable
{
    private const int UnprocessableContent = 422;
    private const int SubjectNotFound = 40401;
    private const int VersionNotFound = 40402;
    private const int SchemaNotFound = 40403;

    /// <inheritdoc/>
    public async ValueTask<string> GetByIdAsync(int id, CancellationToken cancellationToken = default)
    {
        if (id >= SchemaId.Least && folder is not null)
            return await folder.GetByIdAsync(id, cancellationToken);
        return await AskAsync(() => client.GetSchemaAsync(id), cancellationToken) is { } schema
            ? schema.SchemaString
            : throw new UnknownSchemaException(id, $"the registry at {url}");
    }

    /// <inheritdoc/>
    public async ValueTask<RegisteredSchema> RegisterAsync(string subject, string schema, CancellationToken cancellationToken = default)
    {
        AvroSchema.Parse(schema);
        var rule = folder?.RuleOf(subject) ?? CompatibilityRule.Backward;
        var versions = await VersionsAsync(subject, cancellationToken);
        if (versions.Count == 0)
            await AskAsync(() => client.UpdateCompatibilityAsync(Enum.Parse<Confluent.SchemaRegistry.Compatibility>(rule.ToString()), subject), cancellationToken);
        else if (versions.All(v => SchemaId.Of(v.Schema) != SchemaId.Of(schema)))
            RefuseUnless(rule, subject, schema, versions);
        try
        {
            var avro = new Schema(schema, SchemaType.Avro);
            await AskAsync(() => client.RegisterSchemaAsync(subject, avro), cancellationToken);
            var registered = await AskAsync(() => client.LookupSchemaAsync(subject, avro, ignoreDeletedSchemas: true, normalize: false), cancellationToken)
                ?? throw new SchemaRegistryUnavailableException($"The schema registry at {url} registered the schema of '{subject}', but does not find it.");
            return new RegisteredSchema(subject, registered.Version, registered.Id, schema);
        }
        catch (SchemaRegistryException e) when (e.Status == HttpStatusCode.Conflict)
        {
            throw new IncompatibleSchemaException(subject, [e.Message]);
        }
        catch (SchemaRegistryException e) when ((int)e.Status == UnprocessableContent)
        {
            throw new InvalidSchemaException($"The registry at {url} refuses the schema of '{subject}': {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<RegisteredSchema>> ListAsync(CancellationToken cancellationToken = default)
    {
        var all = new List<RegisteredSchema>();
        foreach (var subject in (await AskAsync(client.GetAllSubjectsAsync, cancellationToken) ?? []).Order(StringComparer.Ordinal))
            all.AddRange(await VersionsAsync(subject, cancellationToken));
        return all;
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => client.Dispose();

    private async Task<List<RegisteredSchema>> VersionsAsync(string subject, CancellationToken cancellationToken)
    {
        var all = new List<RegisteredSchema>();
        foreach (var version in await AskAsync(() => client.GetSubjectVersionsAsync(subject), cancellationToken) ?? [])
        {
            // Null: deleted between the two questions. Another kind of schema is nobody's of ours.
            var schema = await AskAsync(() => client.GetRegisteredSchemaAsync(subject, version, ignoreDeletedSchemas: true), cancellationToken);
            if (schema is { SchemaType: SchemaType.Avro })
                all.Add(new RegisteredSchema(subject, version, schema.Id, schema.SchemaString));
        }

        return all;
    }

    // The registry checks as well; we say which field and which rule, which not every registry does.
    private static void RefuseUnless(CompatibilityRule rule, string subject, string schema, List<RegisteredSchema> versions)
    {
        var problems = SchemaCompatibility.Check(rule, AvroSchema.Parse(schema), [.. versions.Select(v => AvroSchema.Parse(v.Schema))]);
        if (problems.Count > 0)
            throw new IncompatibleSchemaException(subject, problems);
    }

    // What does not exist is null, what was refused (409, 422) the client's exception, and everything else an outage, a missing permission too. That something does
    // not exist only a registry can say, by its own codes: a 404 of whatever else answers there would make dead letters of good records.
    private async Task<T?> AskAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call().WaitAsync(cancellationToken);
        }
        catch (SchemaRegistryException e) when (e.ErrorCode is SubjectNotFound or VersionNotFound or SchemaNotFound)
        {
            return default;
        }
        catch (SchemaRegistryException e) when (e.Status == HttpStatusCode.NotFound)
        {
            throw new SchemaRegistryUnavailableException(
                $"What answers at {url} is no schema registry, or not the whole of its address (such as http://registry:8080/apis/ccompat/v7): {e.Message}", e);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested
            && e is HttpRequestException or OperationCanceledException or SchemaRegistryException { Status: not HttpStatusCode.Conflict and not (HttpStatusCode)UnprocessableContent })
        {
            throw new SchemaRegistryUnavailableException($"The schema registry at {url} cannot be asked: {e.Message}", e);
        }
    }
}

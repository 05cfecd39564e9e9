using Confluent.SchemaRegistry;

namespace SchemaRegistry.Registries;

/// <summary>
/// A registry that speaks the Confluent API. Schemas whose ids are those of a folder (see <see cref="SchemaId"/>) are looked up there, so that
/// records written before a switch to the registry stay readable.
/// </summary>
/// <param name="client">The registry's client, which caches.</param>
/// <param name="url">The registry's address, for messages.</param>
/// <param name="folder">The folder used before, or null.</param>
public sealed class ConfluentSchemaRegistry(ISchemaRegistryClient client, string url, FolderSchemaRegistry? folder) : ISchemaRegistry
{
    private const int SchemaNotFound = 40403;
    private const int SubjectNotFound = 40401;
    private const int FirstFolderId = 1 << 30;

    /// <inheritdoc/>
    public async ValueTask<string> GetByIdAsync(int id, CancellationToken cancellationToken = default)
    {
        if (id >= FirstFolderId && folder is not null)
            return await folder.GetByIdAsync(id, cancellationToken);
        try
        {
            return (await Reach(() => client.GetSchemaAsync(id)).WaitAsync(cancellationToken)).SchemaString;
        }
        catch (SchemaRegistryException e) when (e.ErrorCode is SchemaNotFound or SubjectNotFound or 404)
        {
            throw new UnknownSchemaException(id, $"the registry at {url}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask<RegisteredSchema> RegisterAsync(string subject, string schema, CancellationToken cancellationToken = default)
    {
        try
        {
            var id = await Reach(() => client.RegisterSchemaAsync(subject, new Schema(schema, SchemaType.Avro))).WaitAsync(cancellationToken);
            var registered = await Reach(() => client.LookupSchemaAsync(subject, new Schema(schema, SchemaType.Avro), ignoreDeletedSchemas: true, normalize: false))
                .WaitAsync(cancellationToken);
            return new RegisteredSchema(subject, registered.Version, id, schema);
        }
        catch (SchemaRegistryException e) when (e.Status == System.Net.HttpStatusCode.Conflict)
        {
            throw new IncompatibleSchemaException(subject, [e.Message]);
        }
        catch (SchemaRegistryException e) when ((int)e.Status == 422)
        {
            throw new InvalidSchemaException($"The registry at {url} refuses the schema of '{subject}': {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<RegisteredSchema>> ListAsync(CancellationToken cancellationToken = default)
    {
        var all = new List<RegisteredSchema>();
        foreach (var subject in await Reach(client.GetAllSubjectsAsync).WaitAsync(cancellationToken))
        {
            foreach (var version in await Reach(() => client.GetSubjectVersionsAsync(subject)).WaitAsync(cancellationToken))
            {
                var schema = await Reach(() => client.GetRegisteredSchemaAsync(subject, version, ignoreDeletedSchemas: true)).WaitAsync(cancellationToken);
                all.Add(new RegisteredSchema(subject, version, schema.Id, schema.SchemaString));
            }
        }

        return all;
    }

    private async Task<T> Reach<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException
            || e is SchemaRegistryException { Status: >= System.Net.HttpStatusCode.InternalServerError })
        {
            throw new SchemaRegistryUnavailableException($"The schema registry at {url} cannot be reached: {e.Message}", e);
        }
    }
}

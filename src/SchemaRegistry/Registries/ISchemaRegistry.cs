namespace SchemaRegistry.Registries;

/// <summary>Where schemas are kept: a folder or a registry.</summary>
public interface ISchemaRegistry
{
    /// <summary>The schema with an id.</summary>
    /// <exception cref="UnknownSchemaException">There is none.</exception>
    /// <exception cref="SchemaRegistryUnavailableException">The registry cannot be reached.</exception>
    ValueTask<string> GetByIdAsync(int id, CancellationToken cancellationToken = default);

    /// <summary>Registers a schema under a subject, or finds it there.</summary>
    /// <exception cref="IncompatibleSchemaException">The subject's compatibility rule refuses it.</exception>
    /// <exception cref="InvalidSchemaException">It is not an Avro schema.</exception>
    /// <exception cref="SchemaRegistryUnavailableException">The registry cannot be reached.</exception>
    ValueTask<RegisteredSchema> RegisterAsync(string subject, string schema, CancellationToken cancellationToken = default);

    /// <summary>Every version of every subject, by subject and version.</summary>
    /// <exception cref="SchemaRegistryUnavailableException">The registry cannot be reached.</exception>
    ValueTask<IReadOnlyList<RegisteredSchema>> ListAsync(CancellationToken cancellationToken = default);
}

/// <summary>A version of a subject.</summary>
/// <param name="Subject">The subject: for a topic's values <c>topic-value</c>.</param>
/// <param name="Version">From 1.</param>
/// <param name="Id">The id that the wire format carries.</param>
/// <param name="Schema">The Avro schema as JSON.</param>
public sealed record RegisteredSchema(string Subject, int Version, int Id, string Schema);

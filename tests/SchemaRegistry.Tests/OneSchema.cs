using SchemaRegistry.Registries;

namespace SchemaRegistry.Tests;

/// <summary>A registry in which every id is the same schema.</summary>
internal sealed class OneSchema(string schema) : ISchemaRegistry
{
    public ValueTask<string> GetByIdAsync(int id, CancellationToken cancellationToken = default) => ValueTask.FromResult(schema);

    public ValueTask<RegisteredSchema> RegisterAsync(string subject, string schema, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public ValueTask<IReadOnlyList<RegisteredSchema>> ListAsync(CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();
}

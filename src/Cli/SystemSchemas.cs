using SchemaRegistry;
using SchemaRegistry.Registries;
using RegisteredSchema = SchemaRegistry.Registries.RegisteredSchema;

namespace Cli;

/// <summary>
/// The schemas of a system: those of its configured registry or the folder beside this program, and then whatever its own registry knows: an application registers the
/// schemas of its topics there, and no folder of ours has them.
/// </summary>
/// <param name="known">Asked first.</param>
/// <param name="running">The system's registry, or null.</param>
/// <param name="url">Its address.</param>
internal sealed class SystemSchemas(ISchemaRegistry known, ISchemaRegistry? running, string? url) : ISchemaRegistry
{
    private readonly Dictionary<int, string> _found = [];

    /// <summary>Opens them.</summary>
    /// <param name="given">A registry that the user named, or null.</param>
    /// <param name="system">The running system.</param>
    /// <param name="access">How it is reached.</param>
    public static SystemSchemas Open(string? given, Endpoints system, SystemAccess access)
    {
        var url = given ?? system.Registry;
        return new(access.Registry(given ?? system.SchemaRegistryUrl), url is null ? null : access.RegistryAlone(url, isOwn: given is null && system.SchemaRegistryUrl is null), url);
    }

    /// <inheritdoc/>
    /// <exception cref="RecordFormatException">Nobody who can be asked knows it.</exception>
    public async ValueTask<string> GetByIdAsync(int id, CancellationToken cancellationToken = default)
    {
        if (_found.TryGetValue(id, out var schema))
            return schema;
        try
        {
            return _found[id] = await known.GetByIdAsync(id, cancellationToken);
        }
        catch (UnknownSchemaException unknown) when (running is not null)
        {
            try
            {
                return _found[id] = await running.GetByIdAsync(id, cancellationToken);
            }
            catch (UnknownSchemaException)
            {
                throw new RecordFormatException($"{unknown.Message} Nor does the registry at {url}: register the schema there, or name the registry that has it with --registry.");
            }
            catch (SchemaRegistryUnavailableException e)
            {
                throw new RecordFormatException($"{unknown.Message} {e.Message}", e);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<RegisteredSchema> RegisterAsync(string subject, string schema, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("Who looks at records registers nothing.");

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RegisteredSchema>> ListAsync(CancellationToken cancellationToken = default) => (running ?? known).ListAsync(cancellationToken);
}

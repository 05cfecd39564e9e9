using Confluent.SchemaRegistry;
using SchemaRegistry;
using SchemaRegistry.Registries;
using RegisteredSchema = SchemaRegistry.Registries.RegisteredSchema;

namespace Cli;

/// <summary>
/// The schemas of a system: those of its configured registry or the folder beside this program, and then whatever its own registry knows: an application registers the
/// schemas of its topics there, and no folder of ours has them.
/// </summary>
/// <param name="known">Asked first.</param>
/// <param name="url">The system's registry, or null.</param>
internal sealed class SystemSchemas(ISchemaRegistry known, string? url) : ISchemaRegistry
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    // Without a folder: which schemas have ids of a folder's kind is not ours to know.
    private readonly ConfluentSchemaRegistry? _running = url is null ? null
        : new(new CachedSchemaRegistryClient(new SchemaRegistryConfig { Url = url, RequestTimeoutMs = (int)Timeout.TotalMilliseconds }), url, folder: null);

    private readonly Dictionary<int, string> _found = [];

    /// <summary>Opens them.</summary>
    /// <param name="given">A registry that the user named, or null.</param>
    /// <param name="system">The running system.</param>
    public static SystemSchemas Open(string? given, Endpoints system) =>
        new(SchemaRegistryServiceCollectionExtensions.Create(new SchemaRegistryOptions { Url = given ?? system.SchemaRegistryUrl }), given ?? system.Registry);

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
        catch (UnknownSchemaException unknown) when (_running is not null)
        {
            try
            {
                return _found[id] = await _running.GetByIdAsync(id, cancellationToken);
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
    public ValueTask<IReadOnlyList<RegisteredSchema>> ListAsync(CancellationToken cancellationToken = default) => (_running ?? known).ListAsync(cancellationToken);
}

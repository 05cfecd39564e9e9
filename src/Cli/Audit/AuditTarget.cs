using Npgsql;
using SchemaRegistry.Registries;

namespace Cli.Audit;

/// <summary>
/// What an audit compares with what. Who names Kafka or a store means another system than the one that runs here: then nothing is taken from the running one, whose API,
/// for example, would answer about other records.
/// </summary>
/// <param name="Kafka">Kafka's address; null where it is not asked.</param>
/// <param name="Postgres">The store's connection string.</param>
/// <param name="Api">The API's address, or null: no HTTP answers are compared.</param>
/// <param name="Registry">The registry of the records' schemas; null: the folder beside this program.</param>
/// <param name="IsApisRegistry">Whether that is the one that the API gives, which wants no password.</param>
/// <param name="IsOther">Whether it is another system than the one that runs here.</param>
internal sealed record AuditTarget(string? Kafka, string Postgres, string? Api, string? Registry, bool IsApisRegistry, bool IsOther)
{
    /// <summary>Finds what is to be compared.</summary>
    /// <param name="settings">What was asked for.</param>
    /// <param name="asksKafka">Whether Kafka is needed.</param>
    /// <param name="problem">What is missing, and what to do.</param>
    /// <returns>Null when something is missing.</returns>
    public static AuditTarget? Find(AuditSettings settings, bool asksKafka, out string problem)
    {
        problem = "";
        var isOther = settings.Bootstrap is not null || settings.Postgres is not null;
        var system = isOther ? null : Endpoints.Find(settings.Data);
        var (kafka, postgres, api) = (settings.Bootstrap ?? system?.Kafka, settings.Postgres ?? system?.Postgres, settings.Api ?? system?.Api);
        if (postgres is not null && (kafka is not null || !asksKafka))
        {
            // An API that is named gives the schemas of the registry that it reads itself.
            return settings.Registry is null && settings.Api is not null
                ? new(kafka, postgres, api, $"{settings.Api.TrimEnd('/')}/schema-registry", IsApisRegistry: true, isOther)
                : new(kafka, postgres, api, settings.Registry ?? system?.SchemaRegistryUrl, IsApisRegistry: false, isOther);
        }

        problem = isOther
            ? $"{(postgres is null ? "--bootstrap names another system's Kafka, whose store must be named too: give --postgres" : "--postgres names another system's store, whose Kafka must be named too: give --bootstrap")} (and --api, so that its HTTP answers are compared)."
            : $"No running system was found: {Endpoints.Missing(settings.Data)}. Start it with ./dev up, or give {(asksKafka ? "--bootstrap and --postgres" : "--postgres")}.";
        return null;
    }

    /// <summary>The store, without user and password.</summary>
    public string Store
    {
        get
        {
            var where = new NpgsqlConnectionStringBuilder(Postgres);
            return $"{where.Host}:{where.Port}, database {where.Database ?? where.Username}";
        }
    }

    /// <summary>Where the records' schemas are.</summary>
    public ISchemaRegistry OpenRegistry(SystemAccess access) => access.Registry(Registry, IsApisRegistry);

    /// <summary>What is compared with what, for the report.</summary>
    public override string ToString() => $"Kafka {Kafka} compared with Postgres {Store}, and with {(Api is null ? "no API" : $"the API {Api}")}";
}

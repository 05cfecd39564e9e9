using Confluent.Kafka;
using Confluent.SchemaRegistry;
using Microsoft.Extensions.Configuration;
using SchemaRegistry;
using SchemaRegistry.Registries;

namespace Tools;

/// <summary>How Kafka and a schema registry want to be spoken to: the settings that silos read too, from the data folder's <c>settings.json</c> and from the environment, which wins.</summary>
public sealed class SystemAccess
{
    private readonly IConfiguration _settings;
    private readonly SchemaRegistryOptions _registry;

    private SystemAccess(IConfiguration settings) =>
        (_settings, _registry) = (settings, settings.GetSection(SchemaRegistryOptions.Section).Get<SchemaRegistryOptions>() ?? new());

    /// <summary>Reads the settings.</summary>
    /// <param name="dataFolder">The running system's data folder; null: the nearest <c>.data</c>, if there is one.</param>
    /// <param name="isOther">Whether another system is meant: it is told nothing of what the folder says, passwords least of all.</param>
    /// <exception cref="KafkaException">They cannot be read; the message says why.</exception>
    public static SystemAccess Load(string? dataFolder, bool isOther = false)
    {
        var settings = new ConfigurationBuilder();
        if (!isOther && Endpoints.FolderOf(dataFolder) is { } folder)
            settings.AddJsonFile(Path.GetFullPath(Path.Combine(folder, "settings.json")), optional: true);
        try
        {
            return new(settings.AddEnvironmentVariables().Build());
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException) // no JSON; no such value
        {
            throw new KafkaException(new Error(ErrorCode.Local_InvalidArg, $"the settings cannot be read: {e.Message} {e.InnerException?.Message}".TrimEnd()), e);
        }
    }

    /// <summary>The settings of a client: <c>Kafka:Client</c>, and the brokers.</summary>
    /// <param name="bootstrap">The brokers, as host:port separated by commas.</param>
    /// <exception cref="KafkaException">No client can be made of them; the message names the setting.</exception>
    public ClientConfig Kafka(string bootstrap)
    {
        var config = new ClientConfig(_settings.GetSection("Kafka:Client").Get<Dictionary<string, string>>() ?? []) { BootstrapServers = bootstrap };
        config.ReconnectBackoffMaxMs ??= Math.Max(1000, config.ReconnectBackoffMs ?? 0); // librdkafka refuses a longest wait below the first
        try
        {
            using var client = new AdminClientBuilder(config).SetLogHandler((_, _) => { }).Build();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException) // no such setting; no such value
        {
            throw new KafkaException(new Error(ErrorCode.Local_InvalidArg, $"Kafka:Client does not fit: {e.Message}"), e);
        }

        return config;
    }

    /// <summary>A registry, and the folder of schemas beside this program.</summary>
    /// <param name="url">Its address; null: the folder alone.</param>
    /// <param name="isOwn">Whether it is the running system's own, which wants no password: one that is meant for another must not be told it.</param>
    public ISchemaRegistry Registry(string? url, bool isOwn = false) =>
        SchemaRegistryServiceCollectionExtensions.Create(new SchemaRegistryOptions { Url = url, BasicAuth = Password(url, isOwn), Timeout = _registry.Timeout });

    // Where the settings name a registry, the password is that one's.
    private string? Password(string? url, bool isOwn) =>
        isOwn || (_registry.Url is { } meant && meant.TrimEnd('/') != url?.TrimEnd('/')) ? null : _registry.BasicAuth;

    /// <summary>A registry without the folder: which schemas have ids of a folder's kind is its own affair.</summary>
    /// <param name="url">Its address.</param>
    /// <param name="isOwn">As above.</param>
    public ISchemaRegistry RegistryAlone(string url, bool isOwn) => new ConfluentSchemaRegistry(
        new CachedSchemaRegistryClient(new SchemaRegistryConfig
        {
            Url = url,
            BasicAuthUserInfo = Password(url, isOwn),
            RequestTimeoutMs = (int)_registry.Timeout.TotalMilliseconds,
        }),
        url,
        folder: null);
}

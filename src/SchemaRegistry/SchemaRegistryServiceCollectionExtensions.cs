using Confluent.SchemaRegistry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using SchemaRegistry.Registries;

namespace SchemaRegistry;

/// <summary>Registers the schema registry and the decoders.</summary>
public static class SchemaRegistryServiceCollectionExtensions
{
    /// <summary>Adds the registry that the options name, and Avro decoders for any type.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options; they are validated at start.</param>
    public static IServiceCollection AddSchemaRegistry(this IServiceCollection services, Action<SchemaRegistryOptions> configure)
    {
        services.AddOptions<SchemaRegistryOptions>().Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SchemaRegistryOptions>, SchemaRegistryOptions.Validator>());
        services.TryAddSingleton(provider => Create(provider.GetRequiredService<IOptions<SchemaRegistryOptions>>().Value));
        services.TryAddSingleton(typeof(IRecordDecoder<>), typeof(AvroRecordDecoder<>));
        return services;
    }

    /// <summary>The registry that the options name.</summary>
    public static ISchemaRegistry Create(SchemaRegistryOptions options)
    {
        if (options.Url is null)
            return new FolderSchemaRegistry(options.Folder);
        var client = new CachedSchemaRegistryClient(new SchemaRegistryConfig
        {
            Url = options.Url,
            BasicAuthUserInfo = options.BasicAuth,
            RequestTimeoutMs = (int)options.Timeout.TotalMilliseconds,
        });
        var folder = File.Exists(Path.Combine(options.Folder, "subjects.json")) ? new FolderSchemaRegistry(options.Folder) : null;
        return new ConfluentSchemaRegistry(client, options.Url, folder);
    }
}

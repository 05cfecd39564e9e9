using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using SchemaRegistry;
using SchemaRegistry.Registries;

namespace EventPlatform.AspNetCore.Events.Ingest;

/// <summary>The encoders of topics: the newest schema of the folder, under the id that the registry gives it.</summary>
internal sealed class TopicSchemas(ISchemaRegistry registry, IOptions<SchemaRegistryOptions> options)
{
    private readonly ConcurrentDictionary<string, object> _encoders = new();

    /// <exception cref="SchemaRegistryUnavailableException">The registry cannot be reached.</exception>
    /// <exception cref="IncompatibleSchemaException">The registry has a schema that this one may not follow.</exception>
    public async ValueTask<IRecordEncoder<T>> EncoderAsync<T>(string topic, CancellationToken cancellationToken)
        where T : class
    {
        if (_encoders.TryGetValue(topic, out var known))
            return (IRecordEncoder<T>)known;
        var subject = $"{topic}-value";
        var newest = (await new FolderSchemaRegistry(options.Value.Folder).ListAsync(cancellationToken)).LastOrDefault(s => s.Subject == subject)
            ?? throw new InvalidOperationException($"The folder {options.Value.Folder} has no schema of '{subject}': name its file in subjects.json.");
        var registered = await registry.RegisterAsync(subject, newest.Schema, cancellationToken);
        return (IRecordEncoder<T>)_encoders.GetOrAdd(topic, new AvroRecordEncoder<T>(registered));
    }
}

using System.Collections.Concurrent;
using EventPlatform.Hosting;
using EventPlatform.Topics;
using Microsoft.Extensions.Options;
using SchemaRegistry;
using SchemaRegistry.Registries;
using StreamJobs.Running;

namespace EventPlatform.Jobs;

/// <summary>Jobs' results are written in the newest schema that the schemas folder has for their topic, which is registered first.</summary>
internal sealed class JobRecordEncoder(
    ISchemaRegistry registry, PlatformTopics topics, IOptions<SchemaRegistryOptions> options, KafkaSettings kafka) : IJobRecordEncoder
{
    private readonly ConcurrentDictionary<(string Topic, Type Record), Func<object, byte[]>> _encoders = new();

    public int MaxBytes => kafka.MaxRecordBytes;

    public async ValueTask PrepareAsync(string topic, Type recordType, CancellationToken cancellationToken)
    {
        if (_encoders.ContainsKey((topic, recordType)))
            return;
        var subject = $"{topics.BrokerNameOf(topic)}-value";
        var folder = await new FolderSchemaRegistry(options.Value.Folder).ListAsync(cancellationToken);
        var newest = folder.LastOrDefault(s => s.Subject == $"{topic}-value")
            ?? throw new InvalidOperationException($"Topic '{topic}' takes results of a job, but the folder of schemas ({options.Value.Folder}) has none under '{topic}-value' (subjects.json).");
        var registered = await registry.RegisterAsync(subject, newest.Schema, cancellationToken);
        var make = typeof(JobRecordEncoder).GetMethod(nameof(Make), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!;
        _encoders[(topic, recordType)] = (Func<object, byte[]>)make.MakeGenericMethod(recordType).Invoke(null, [registered])!;
    }

    public byte[] Encode(string topic, Type recordType, object record) => _encoders[(topic, recordType)](record);

    private static Func<object, byte[]> Make<T>(RegisteredSchema schema)
        where T : class
    {
        var encoder = new AvroRecordEncoder<T>(schema);
        return record => encoder.Encode((T)record);
    }
}

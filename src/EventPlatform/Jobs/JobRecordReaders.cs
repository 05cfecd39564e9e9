using SchemaRegistry;
using SchemaRegistry.Registries;
using StreamJobs.Running;

namespace EventPlatform.Jobs;

/// <summary>Jobs read Avro in the wire format, each record by the schema that it was written with.</summary>
internal sealed class JobRecordReaders(ISchemaRegistry registry) : IJobRecordReaders
{
    public IJobRecordReader<T> Create<T>() => new Reader<T>(new AvroFieldReader<T>(registry));

    private sealed class Reader<T>(AvroFieldReader<T> fields) : IJobRecordReader<T>
    {
        public bool TryRead(ReadOnlyMemory<byte> value, out T record) => fields.TryRead(value, out record);

        public ValueTask LoadAsync(ReadOnlyMemory<byte> value, CancellationToken cancellationToken) => fields.LoadAsync(value, cancellationToken);
    }
}

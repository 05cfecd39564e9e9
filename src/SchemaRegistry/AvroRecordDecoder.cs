using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using SchemaRegistry.Registries;

namespace SchemaRegistry;

/// <summary>Decodes Avro in the Confluent wire format, each record by the schema that it was written with.</summary>
/// <typeparam name="T">What records decode to.</typeparam>
public sealed class AvroRecordDecoder<T>(ISchemaRegistry registry) : IRecordDecoder<T>
    where T : class
{
    private readonly ConcurrentDictionary<int, ReadRecord<T>> _plans = new();

    /// <inheritdoc/>
    public ValueTask<T> DecodeAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default)
    {
        if (WireFormat.TryReadSchemaId(payload.Span) is not { } id)
        {
            throw new RecordFormatException(payload.Length < WireFormat.HeaderLength
                ? $"The value has {payload.Length} bytes; Avro in the wire format has at least {WireFormat.HeaderLength}."
                : $"The value starts with byte {payload.Span[0]}, not with 0: it is not Avro in the wire format.");
        }

        return _plans.TryGetValue(id, out var plan)
            ? ValueTask.FromResult(Decode(plan, payload, id))
            : new ValueTask<T>(DecodeFirstAsync(id, payload, cancellationToken));
    }

    private async Task<T> DecodeFirstAsync(int id, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var schema = await registry.GetByIdAsync(id, cancellationToken);
        try
        {
            return Decode(_plans.GetOrAdd(id, _ => DecoderCompiler.Compile<T>(AvroSchema.Parse(schema))), payload, id);
        }
        catch (InvalidSchemaException e)
        {
            throw new RecordFormatException($"Schema id {id} cannot be read as {typeof(T).Name}: {e.Message}", e);
        }
    }

    private static T Decode(ReadRecord<T> plan, ReadOnlyMemory<byte> payload, int id)
    {
        var segment = MemoryMarshal.TryGetArray(payload, out var array) ? array : new ArraySegment<byte>(payload.ToArray());
        var reader = new AvroReader(segment.Array!, segment.Offset + WireFormat.HeaderLength, segment.Offset + segment.Count);
        try
        {
            var record = plan(ref reader);
            return reader.AtEnd ? record : throw new RecordFormatException($"{reader.Remaining} bytes are left over");
        }
        catch (Exception e) when (e is RecordFormatException or OverflowException or ArgumentOutOfRangeException)
        {
            throw new RecordFormatException($"The value is not what schema id {id} says: {e.Message}.", e);
        }
    }
}

/// <summary>Encodes Avro in the Confluent wire format, in one registered schema.</summary>
/// <typeparam name="T">What is encoded.</typeparam>
public sealed class AvroRecordEncoder<T> : IRecordEncoder<T>
    where T : class
{
    [ThreadStatic]
    private static AvroWriter? s_writer;

    private readonly Action<AvroWriter, T> _write;
    private readonly int _id;

    /// <summary>Prepares the encoding.</summary>
    /// <exception cref="InvalidSchemaException">The schema has fields that the type lacks, or of other types.</exception>
    public AvroRecordEncoder(RegisteredSchema schema) =>
        (_id, _write) = (schema.Id, EncoderCompiler.Compile<T>(AvroSchema.Parse(schema.Schema)));

    /// <inheritdoc/>
    public byte[] Encode(T record)
    {
        var writer = s_writer ??= new AvroWriter();
        writer.Length = 0;
        writer.WriteHeader(_id);
        _write(writer, record);
        return writer.Written.ToArray();
    }
}

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
        return Decode(_plans.GetOrAdd(id, static (_, text) => Plan(text), schema), payload, id);
    }

    // A schema that does not fit stays so: its plan is to refuse.
    private static ReadRecord<T> Plan(string schema)
    {
        try
        {
            return DecoderCompiler.Compile<T>(AvroSchema.Parse(schema));
        }
        catch (InvalidSchemaException e)
        {
            return (ref _) => throw new RecordFormatException($"its schema cannot be read as {typeof(T).Name}: {e.Message.TrimEnd('.')}", e);
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
        catch (Exception e) when (e is RecordFormatException or OverflowException or ArgumentException or IndexOutOfRangeException)
        {
            throw new RecordFormatException($"The value is not what schema id {id} says: {e.Message.TrimEnd('.')}.", e);
        }
    }
}

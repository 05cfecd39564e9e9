using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using SchemaRegistry.Registries;

namespace SchemaRegistry;

/// <summary>How to read each writer's schema into a type: compiled once per schema.</summary>
internal sealed class AvroPlans<T>(ISchemaRegistry registry)
{
    private readonly ConcurrentDictionary<int, ReadRecord<T>> _plans = new();

    public ReadRecord<T>? Find(int id) => _plans.GetValueOrDefault(id);

    public async Task<ReadRecord<T>> LoadAsync(int id, CancellationToken cancellationToken)
    {
        var schema = await registry.GetByIdAsync(id, cancellationToken);
        return _plans.GetOrAdd(id, static (_, text) => Plan(text), schema);
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
}

/// <summary>The reading of one value.</summary>
internal static class AvroPlans
{
    /// <exception cref="RecordFormatException">The value is not Avro in the wire format.</exception>
    public static int SchemaIdOf(ReadOnlyMemory<byte> payload) =>
        WireFormat.TryReadSchemaId(payload.Span) ?? throw new RecordFormatException(payload.Length < WireFormat.HeaderLength
            ? $"The value has {payload.Length} bytes; Avro in the wire format has at least {WireFormat.HeaderLength}."
            : $"The value starts with byte {payload.Span[0]}, not with 0: it is not Avro in the wire format.");

    /// <exception cref="RecordFormatException">The value is not what its schema says.</exception>
    public static T Decode<T>(ReadRecord<T> plan, ReadOnlyMemory<byte> payload, int id, StringCache? strings = null)
    {
        var segment = MemoryMarshal.TryGetArray(payload, out var array) ? array : new ArraySegment<byte>(payload.ToArray());
        var reader = new AvroReader(segment.Array!, segment.Offset + WireFormat.HeaderLength, segment.Offset + segment.Count, strings);
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

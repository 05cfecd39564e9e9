using System.Buffers.Binary;

namespace SchemaRegistry;

/// <summary>The Confluent wire format: a zero byte, the writer's schema id in four big-endian bytes, then the Avro body.</summary>
public static class WireFormat
{
    /// <summary>The bytes before the body.</summary>
    public const int HeaderLength = 5;

    /// <summary>The writer's schema id, or null when the payload is not in this format.</summary>
    public static int? TryReadSchemaId(ReadOnlySpan<byte> payload) =>
        payload.Length >= HeaderLength && payload[0] == 0 ? BinaryPrimitives.ReadInt32BigEndian(payload[1..]) : null;

    /// <summary>Writes the header.</summary>
    /// <param name="destination">At least <see cref="HeaderLength"/> bytes.</param>
    /// <param name="schemaId">The writer's schema id.</param>
    public static void WriteHeader(Span<byte> destination, int schemaId)
    {
        destination[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(destination[1..], schemaId);
    }
}

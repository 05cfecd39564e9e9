using System.Text;
using SchemaRegistry.Registries;

namespace SchemaRegistry;

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
        try
        {
            _write(writer, record);
        }
        catch (EncoderFallbackException e)
        {
            throw new RecordFormatException($"A text of the record is not Unicode: {e.Message}", e);
        }

        return writer.Written.ToArray();
    }
}

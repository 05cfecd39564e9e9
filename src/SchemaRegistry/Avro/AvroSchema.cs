using Avro;

namespace SchemaRegistry;

/// <summary>Parses Avro schemas.</summary>
public static class AvroSchema
{
    /// <summary>Parses a record schema.</summary>
    /// <exception cref="InvalidSchemaException">It is not the schema of a record.</exception>
    public static RecordSchema Parse(string schema)
    {
        try
        {
            return Schema.Parse(schema) as RecordSchema
                ?? throw new InvalidSchemaException("The schema is not that of a record.");
        }
        catch (AvroException e)
        {
            throw new InvalidSchemaException($"The schema is not valid Avro: {e.Message}", e);
        }
    }
}

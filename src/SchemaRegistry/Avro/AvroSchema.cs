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
        catch (Exception e) when (e is AvroException or Newtonsoft.Json.JsonException or ArgumentException or FormatException or InvalidCastException)
        {
            // Apache.Avro lets its JSON parser's and its own conversions' exceptions through.
            throw new InvalidSchemaException($"The schema is not valid Avro: {e.Message}", e);
        }
    }

    /// <summary>
    /// Refuses a record that holds itself: plans are compiled field by field, so one would be compiled without end. A schema comes from a
    /// registry, which others write to; it must not be able to end the process.
    /// </summary>
    internal static void RefuseRecursion(Schema schema) => RefuseRecursion(schema, []);

    private static void RefuseRecursion(Schema schema, HashSet<string> around)
    {
        switch (schema)
        {
            case RecordSchema record when !around.Add(record.Fullname):
                throw new InvalidSchemaException($"The record {record.Fullname} holds itself, which is not supported.");
            case RecordSchema record:
                foreach (var field in record.Fields)
                    RefuseRecursion(field.Schema, around);
                around.Remove(record.Fullname);
                break;
            case UnionSchema union:
                foreach (var branch in union.Schemas)
                    RefuseRecursion(branch, around);
                break;
            case ArraySchema array:
                RefuseRecursion(array.ItemSchema, around);
                break;
            case MapSchema map:
                RefuseRecursion(map.ValueSchema, around);
                break;
        }
    }
}

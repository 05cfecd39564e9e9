using System.Collections;
using System.Globalization;
using System.Text.Json.Nodes;
using Avro;
using Avro.Generic;
using Avro.IO;
using SchemaRegistry;
using SchemaRegistry.Registries;

namespace Cli;

/// <summary>Any record in the Confluent wire format as JSON, by nothing but its writer's schema.</summary>
internal static class AvroJson
{
    /// <exception cref="RecordFormatException">It is not what its schema says, or there is no such schema.</exception>
    public static async Task<JsonNode?> ReadAsync(ISchemaRegistry registry, byte[] value, CancellationToken cancellationToken)
    {
        var id = WireFormat.TryReadSchemaId(value) ?? throw new RecordFormatException("It is not Avro in the wire format.");
        var schema = AvroSchema.Parse(await registry.GetByIdAsync(id, cancellationToken));
        using var body = new MemoryStream(value, WireFormat.HeaderLength, value.Length - WireFormat.HeaderLength);
        try
        {
            return Node(new GenericDatumReader<GenericRecord>(schema, schema).Read(null!, new BinaryDecoder(body)));
        }
        catch (Exception e) when (e is AvroException or IOException or ArgumentException or OverflowException or InvalidCastException or OutOfMemoryException or IndexOutOfRangeException)
        {
            throw new RecordFormatException($"It is not what schema id {id} says: {e.Message}");
        }
    }

    private static JsonNode? Node(object? value) => value switch
    {
        null => null,
        GenericRecord record => new JsonObject(record.Schema.Fields.Select(f => KeyValuePair.Create(f.Name, Node(record.GetValue(f.Pos))))),
        GenericEnum symbol => symbol.Value,
        AvroDecimal number => (decimal)number,
        DateTime time => time.ToString("O", CultureInfo.InvariantCulture),
        string text => text,
        bool truth => truth,
        int number => number,
        long number => number,
        float number => number,
        double number => number,
        byte[] bytes => Convert.ToBase64String(bytes),
        GenericFixed bytes => Convert.ToBase64String(bytes.Value),
        IDictionary<string, object> map => new JsonObject(map.Select(e => KeyValuePair.Create(e.Key, Node(e.Value)))),
        IEnumerable list => new JsonArray([.. list.Cast<object?>().Select(Node)]),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };
}

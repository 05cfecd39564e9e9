using System.Collections;
using System.Globalization;
using System.Text.Json.Nodes;
using Avro;
using Avro.Generic;
using Avro.IO;
using SchemaRegistry.Registries;

namespace SchemaRegistry;

/// <summary>Shows any Avro payload as JSON, by nothing but the schema that wrote it: an operator must see what a record says, whoever can read it or not.</summary>
/// <param name="registry">Where schemas are asked for.</param>
public sealed class AvroJson(ISchemaRegistry registry)
{
    /// <summary>The payload as JSON, with the fields' names in the schema.</summary>
    /// <param name="payload">A record in the Confluent wire format.</param>
    /// <param name="cancellationToken">Stops waiting for the registry.</param>
    /// <exception cref="RecordFormatException">It is not in that format, names no known schema, or is not what its schema says.</exception>
    /// <exception cref="SchemaRegistryUnavailableException">The registry cannot be reached.</exception>
    public async Task<JsonNode?> DecodeAsync(byte[] payload, CancellationToken cancellationToken = default)
    {
        var id = WireFormat.TryReadSchemaId(payload) ?? throw new RecordFormatException("It is not Avro in the wire format.");
        try
        {
            var schema = Schema.Parse(await registry.GetByIdAsync(id, cancellationToken));
            AvroSchema.RefuseRecursion(schema); // a payload could hold a record in itself deeper than the stack goes
            using var body = new MemoryStream(payload, WireFormat.HeaderLength, payload.Length - WireFormat.HeaderLength);
            return Json(new GenericDatumReader<object>(schema, schema).Read(null!, new BinaryDecoder(body)));
        }
        catch (Exception e) when (e is not (OperationCanceledException or SchemaRegistryUnavailableException or RecordFormatException))
        {
            // Apache.Avro meets bytes that may be anything with whatever its own code throws.
            throw new RecordFormatException($"It is not what schema id {id} says: {e.Message}", e);
        }
    }

    /// <summary>As <see cref="DecodeAsync"/>, but null for what cannot be read.</summary>
    /// <param name="payload">A record, or null.</param>
    /// <param name="cancellationToken">Stops waiting for the registry.</param>
    /// <exception cref="SchemaRegistryUnavailableException">The registry cannot be reached.</exception>
    public async Task<JsonNode?> TryDecodeAsync(byte[]? payload, CancellationToken cancellationToken = default)
    {
        try
        {
            return payload is null ? null : await DecodeAsync(payload, cancellationToken);
        }
        catch (RecordFormatException)
        {
            return null; // the payload itself is there to look at
        }
    }

    private static JsonNode? Json(object? value) => value switch
    {
        null => null,
        GenericRecord record => new JsonObject(record.Schema.Fields.Select(f => KeyValuePair.Create(f.Name, Json(record.GetValue(f.Pos))))),
        GenericEnum symbol => symbol.Value,
        GenericFixed bytes => Convert.ToBase64String(bytes.Value),
        byte[] bytes => Convert.ToBase64String(bytes),
        string text => text,
        bool flag => flag,
        int number => number,
        long number => number,
        // JSON has no number for these.
        float number => float.IsFinite(number) ? number : number.ToString(CultureInfo.InvariantCulture),
        double number => double.IsFinite(number) ? number : number.ToString(CultureInfo.InvariantCulture),
        AvroDecimal number => decimal.TryParse(number.ToString(), NumberStyles.Number, CultureInfo.InvariantCulture, out var exact) ? exact : number.ToString(),
        DateTime time => new DateTimeOffset(time.ToUniversalTime()),
        IDictionary<string, object> map => new JsonObject(map.Select(e => KeyValuePair.Create(e.Key, Json(e.Value)))),
        IEnumerable list => new JsonArray([.. list.Cast<object?>().Select(Json)]),
        _ => value.ToString(),
    };
}

using System.Collections;
using System.Globalization;
using System.Text.Json.Nodes;
using Avro;
using Avro.Generic;
using Avro.IO;
using SchemaRegistry;
using SchemaRegistry.Registries;

namespace Api.DeadLetters;

/// <summary>Shows any Avro payload as JSON, by the schema that wrote it: an operator must see what a record says, whoever can read it or not.</summary>
internal sealed class AvroJson(ISchemaRegistry registry)
{
    /// <summary>The payload as JSON, or null when it cannot be read.</summary>
    /// <exception cref="SchemaRegistryUnavailableException">The registry cannot be reached.</exception>
    public async Task<JsonNode?> TryDecodeAsync(byte[]? payload, CancellationToken cancellationToken)
    {
        if (payload is null || WireFormat.TryReadSchemaId(payload) is not { } id)
            return null;
        try
        {
            var schema = AvroSchema.Parse(await registry.GetByIdAsync(id, cancellationToken));
            using var body = new MemoryStream(payload, WireFormat.HeaderLength, payload.Length - WireFormat.HeaderLength);
            return Json(new GenericDatumReader<GenericRecord>(schema, schema).Read(null!, new BinaryDecoder(body)));
        }
        catch (Exception e) when (e is not (OperationCanceledException or SchemaRegistryUnavailableException))
        {
            return null; // it is in the dead letters because it may be anything; the payload itself is there to look at
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
        bool or int or long or float or double => JsonValue.Create(value),
        AvroDecimal number => decimal.Parse(number.ToString(), CultureInfo.InvariantCulture),
        DateTime time => new DateTimeOffset(time.ToUniversalTime()),
        IDictionary map => new JsonObject(map.Cast<DictionaryEntry>().Select(e => KeyValuePair.Create((string)e.Key, Json(e.Value)))),
        IEnumerable list => new JsonArray([.. list.Cast<object?>().Select(Json)]),
        _ => value.ToString(),
    };
}

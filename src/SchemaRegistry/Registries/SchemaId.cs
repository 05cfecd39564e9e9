using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SchemaRegistry.Registries;

/// <summary>
/// The id of a schema in a folder: derived from the schema alone, so that every process, and another machine's, finds the same one.
/// It is 2^30 plus the first 30 bits of the SHA-256 of the schema without whitespace, documentation, defaults and aliases; what changes
/// the bytes on the wire or their meaning (types, names, order, symbols, logical types, scale) changes the id. A registry counts from 1, so the two
/// kinds of id never meet.
/// </summary>
public static class SchemaId
{
    /// <summary>The least id of a folder's schema.</summary>
    public const int Least = 1 << 30;

    private static readonly string[] Kept = ["type", "name", "namespace", "fields", "symbols", "items", "values", "size", "logicalType", "precision", "scale"];

    /// <summary>The id of a schema.</summary>
    /// <param name="schema">The schema as JSON.</param>
    /// <exception cref="InvalidSchemaException">It is not JSON.</exception>
    public static int Of(string schema)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(Normalize(schema)));
        return Least | (int)(BinaryPrimitives.ReadUInt32BigEndian(hash) >> 2);
    }

    /// <summary>The schema without what neither changes its bytes nor their meaning, in a fixed order.</summary>
    internal static string Normalize(string schema)
    {
        try
        {
            return Normalized(JsonNode.Parse(schema)).ToJsonString();
        }
        catch (JsonException e)
        {
            throw new InvalidSchemaException($"The schema is not JSON: {e.Message}", e);
        }
    }

    private static JsonNode Normalized(JsonNode? node) => node switch
    {
        JsonArray array => new JsonArray([.. array.Select(Normalized)]),
        JsonObject o => new JsonObject(Kept.Where(o.ContainsKey).Select(k => KeyValuePair.Create(k, (JsonNode?)Normalized(o[k])))),
        null => throw new JsonException("null is no schema."),
        _ => node.DeepClone(),
    };
}

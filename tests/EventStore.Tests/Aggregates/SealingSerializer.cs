using System.Text.Json;
using EventStore.Aggregates;

namespace EventStore.Tests.Aggregates;

/// <summary>Seals every payload: what reaches the store unsealed, or is read without unsealing, shows.</summary>
public sealed class SealingSerializer : IEventSerializer
{
    private readonly JsonEventSerializer _json = new();

    public static string Seal(string json) => $$"""{"sealed":{{json}}}""";

    public string Serialize(string streamKey, object value) => Seal(_json.Serialize(streamKey, value));

    public object Deserialize(string streamKey, string json, Type type)
    {
        using var document = JsonDocument.Parse(json);
        return _json.Deserialize(streamKey, document.RootElement.GetProperty("sealed").GetRawText(), type);
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace EventStore;

/// <summary>How events, states and documents are written as JSON: by the aggregates, by Marten and by the API alike.</summary>
public static class EventJson
{
    /// <summary>Camel-case names, enums as camel-case strings, absent nulls.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace EventPlatform.AspNetCore.Http;

/// <summary>
/// Reads JSON of any form whose texts are all texts: half a surrogate pair is found here, as in every typed body, and not by whoever asks the element for it.
/// </summary>
internal sealed class ReadableElements : JsonConverter<JsonElement>
{
    public override bool HandleNull => true;

    public override JsonElement Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var element = JsonElement.ParseValue(ref reader);
        try
        {
            Touch(element);
            return element;
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("A text in it holds half a surrogate pair or bytes that are not UTF-8.", e);
        }
    }

    public override void Write(Utf8JsonWriter writer, JsonElement value, JsonSerializerOptions options) => value.WriteTo(writer);

    private static void Touch(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                    Touch(item);
                break;
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    Touch(property.Value);
                }

                break;
        }
    }
}

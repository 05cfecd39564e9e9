using System.Text.Json;
using System.Text.Json.Serialization;

namespace EventPlatform.AspNetCore.Events.Ingest;

/// <summary>Reads enum members as C# or as Avro writes them: <c>pageView</c>, <c>PageView</c> and <c>PAGE_VIEW</c> are the same.</summary>
internal sealed class LenientEnums : JsonConverterFactory
{
    /// <summary>How the message of an unknown word begins.</summary>
    public const string Complaint = "It must be one of ";

    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsEnum;

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(typeToConvert))!;

    private sealed class Converter<T> : JsonConverter<T>
        where T : struct, Enum
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var text = reader.TokenType == JsonTokenType.String ? reader.GetString()! : "";
            var name = text.Replace("_", "", StringComparison.Ordinal);
            return Enum.GetValues<T>().Where(value => string.Equals(value.ToString(), name, StringComparison.OrdinalIgnoreCase)).Cast<T?>().FirstOrDefault()
                ?? throw new JsonException($"{Complaint}{string.Join(", ", Enum.GetNames<T>().Select(JsonNamingPolicy.SnakeCaseUpper.ConvertName))}, not '{text}'.");
        }

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            writer.WriteStringValue(JsonNamingPolicy.SnakeCaseUpper.ConvertName(value.ToString()));
    }
}

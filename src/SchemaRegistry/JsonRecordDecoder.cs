using System.Text.Json;

namespace SchemaRegistry;

/// <summary>Decodes plain JSON values, for topics that carry no Avro.</summary>
/// <typeparam name="T">What records decode to.</typeparam>
public sealed class JsonRecordDecoder<T>(JsonSerializerOptions options) : IRecordDecoder<T>
    where T : class
{
    /// <inheritdoc/>
    public ValueTask<T> DecodeAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default)
    {
        try
        {
            return ValueTask.FromResult(JsonSerializer.Deserialize<T>(payload.Span, options) ?? throw new RecordFormatException("The value is JSON null."));
        }
        catch (JsonException e)
        {
            throw new RecordFormatException($"The value is not the JSON of {typeof(T).Name}: {e.Message}", e);
        }
    }
}

using System.Text.Encodings.Web;
using System.Text.Json;
using EventStore;

namespace EventPlatform.AspNetCore.Http;

/// <summary>Requests and answers are written as stored events are: one form everywhere.</summary>
internal static class ApiJson
{
    // Answers are JSON, never part of a page: a plus sign may stay one.
    public static JsonSerializerOptions Options { get; } = new(EventJson.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Configure(JsonSerializerOptions options)
    {
        options.Encoder = Options.Encoder;
        options.DefaultIgnoreCondition = Options.DefaultIgnoreCondition;
        options.Converters.Add(new ReadableElements());
        foreach (var converter in Options.Converters)
            options.Converters.Add(converter);
    }
}

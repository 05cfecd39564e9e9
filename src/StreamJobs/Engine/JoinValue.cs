using System.Text.Encodings.Web;
using System.Text.Json;

namespace StreamJobs.Engine;

/// <summary>Records as they lie on a join's topic and in its state.</summary>
internal static class JoinValue
{
    private static readonly JsonSerializerOptions Json = new() { IncludeFields = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write<T>(T record) => JsonSerializer.Serialize(record, Json);

    public static T Read<T>(string value) => JsonSerializer.Deserialize<T>(value, Json)!;
}

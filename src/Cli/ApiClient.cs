using System.Net.Http.Json;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cli;

/// <summary>The running system's HTTP API. A refusal is printed as the API words it.</summary>
internal sealed class ApiClient : IDisposable
{
    // For a terminal, not for a page: a plus sign and letters of any language stay as they are.
    public static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly HttpClient _http;

    public ApiClient(string? address)
    {
        _http = new HttpClient { BaseAddress = new Uri(address ?? throw new HttpRequestException("its API's address is not in endpoints.json")) };
        _http.DefaultRequestHeaders.Add("X-Operator", System.Environment.UserName);
    }

    /// <summary>Where it is; ends with a slash.</summary>
    public Uri Address => _http.BaseAddress!;

    public Task<JsonNode?> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public Task<JsonNode?> PostAsync(string path, object? body) => SendAsync(HttpMethod.Post, path, body ?? new { });

    /// <summary>Asks; a refusal is printed, and null.</summary>
    public async Task<JsonNode?> SendAsync(HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await _http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        if (response.IsSuccessStatusCode)
            return JsonNode.Parse(text.Length == 0 ? "{}" : text);
        await Console.Error.WriteLineAsync(Reason(text) ?? $"{(int)response.StatusCode} {response.ReasonPhrase}");
        return null;
    }

    /// <summary>Prints an answer, or nothing for a refusal, which was printed already.</summary>
    /// <returns>The exit code.</returns>
    public static int Print(JsonNode? answer)
    {
        if (answer is null)
            return 1;
        Console.WriteLine(answer.ToJsonString(Readable));
        return 0;
    }

    public void Dispose() => _http.Dispose();

    private static string? Reason(string text)
    {
        try
        {
            var problem = JsonNode.Parse(text);
            var reason = problem?["detail"]?.ToString() ?? problem?["title"]?.ToString();
            return problem?["errors"] is not JsonObject errors ? reason
                : string.Join(System.Environment.NewLine, errors.SelectMany(e => e.Value!.AsArray().Select(message => $"  {e.Key}: {message}")).Prepend(reason));
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

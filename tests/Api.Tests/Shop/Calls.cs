using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Api.Tests;

/// <summary>Short ways to call the API and to say what it must answer.</summary>
internal static class Calls
{
    /// <summary>An id that no other test uses.</summary>
    public static string NewId(string prefix) => $"{prefix}-{Guid.NewGuid():N}";

    public static async Task<JsonElement> GetJsonAsync(this HttpClient http, string path)
    {
        using var response = await http.GetAsync(path);
        return await response.OkAsync();
    }

    public static Task<HttpResponseMessage> PostAsync(this HttpClient http, string path, string json, string? key = null, string? who = null) =>
        http.SendJsonAsync(HttpMethod.Post, path, json, key, who);

    public static async Task<HttpResponseMessage> SendJsonAsync(
        this HttpClient http, HttpMethod method, string path, string json, string? key = null, string? who = null)
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Content = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
        };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        if (who is not null)
            request.Headers.Add("X-Operator", who);
        return await http.SendAsync(request);
    }

    /// <summary>The body of a success.</summary>
    public static async Task<JsonElement> OkAsync(this HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{response.RequestMessage?.Method} {response.RequestMessage?.RequestUri}: {(int)response.StatusCode} {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }

    /// <summary>The problem of a refusal: RFC 9457, and nothing of the inside in it.</summary>
    public static async Task<JsonElement> ProblemAsync(this HttpResponseMessage response, HttpStatusCode status)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, $"{response.RequestMessage?.RequestUri}: expected {(int)status}, got {(int)response.StatusCode} {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonSerializer.Deserialize<JsonElement>(text);
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        Assert.NotEqual("", problem.GetProperty("detail").GetString());
        Assert.NotEqual("", problem.GetProperty("title").GetString());
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", text, StringComparison.Ordinal);
        return problem;
    }

    /// <summary>The names that a 400 complains about, in order.</summary>
    public static async Task<string[]> ErrorsAsync(this HttpResponseMessage response) =>
        [.. (await response.ProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal)];

    public static string? Text(this JsonElement json, string name) => json.GetProperty(name).GetString();

    public static JsonElement[] Items(this JsonElement json) => [.. json.GetProperty("items").EnumerateArray()];

    /// <summary>Every item of a list, page by page.</summary>
    public static async Task<List<JsonElement>> AllPagesAsync(this HttpClient http, string path, int limit)
    {
        var all = new List<JsonElement>();
        string? cursor = null;
        do
        {
            var page = await http.GetJsonAsync($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}limit={limit}{(cursor is null ? "" : $"&cursor={cursor}")}");
            var items = page.Items();
            Assert.True(items.Length <= limit, "a page is longer than its limit");
            all.AddRange(items);
            cursor = page.TryGetProperty("next", out var next) ? next.GetString() : null;
            Assert.True(cursor is null || items.Length == limit, "a page that is not full says that there is a next one");
        }
        while (cursor is not null);
        return all;
    }
}

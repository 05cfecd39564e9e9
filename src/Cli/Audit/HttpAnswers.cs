using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Cli.Audit;

/// <summary>What the API should answer, and does.</summary>
internal sealed class HttpAnswers(string api, int most) : IDisposable
{
    private static readonly Dictionary<string, (string Path, string[] Fields)> Resources = new()
    {
        ["user"] = ("users", ["name", "email", "firstSeen", "lastSeen", "openSessions", "cart", "spent", "purchases", "events"]),
        ["account"] = ("accounts", ["balance", "currency", "lastMovement", "movements", "rejections"]),
    };

    private readonly HttpClient _http = new() { BaseAddress = new Uri(api), Timeout = TimeSpan.FromSeconds(30) };
    private readonly Dictionary<string, JsonNode> _expected = [];

    /// <summary>Remembers a state; past the most, only now and then one.</summary>
    public Task ExpectAsync(string streamKey, JsonNode state)
    {
        if (_expected.Count < most)
            _expected[streamKey] = state;
        return Task.CompletedTask;
    }

    /// <summary>Asks for every state remembered.</summary>
    public async Task CheckAsync(AuditReport report, CancellationToken cancellationToken)
    {
        foreach (var (stream, state) in _expected)
        {
            var (aggregate, id) = (stream[..stream.IndexOf('/', StringComparison.Ordinal)], stream[(stream.IndexOf('/', StringComparison.Ordinal) + 1)..]);
            var (path, fields) = Resources[aggregate];
            using var response = await _http.GetAsync($"{path}/{Uri.EscapeDataString(id)}", cancellationToken);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                report.Differ($"GET /{path}/{id} answers 404");
                continue;
            }

            response.EnsureSuccessStatusCode();
            var answer = (await response.Content.ReadFromJsonAsync<JsonNode>(cancellationToken))!;
            report.Answers++;
            foreach (var field in fields.Where(f => !JsonNode.DeepEquals(answer[f], state[f])))
                report.Differ($"GET /{path}/{id} says {field} {answer[field]?.ToJsonString() ?? "nothing"}, but the events give {state[field]?.ToJsonString() ?? "nothing"}");
        }
    }

    public void Dispose() => _http.Dispose();
}

using System.Globalization;
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
    private readonly Dictionary<string, (long Version, JsonNode State)> _expected = [];

    /// <summary>Remembers the state of a stream, up to the most.</summary>
    public void Expect(string streamKey, long version, JsonNode state)
    {
        if (_expected.Count < most)
            _expected[streamKey] = (version, state);
    }

    /// <summary>Asks for every state remembered. One that has gone on since is only held to be newer.</summary>
    public async Task CheckAsync(AuditReport report, CancellationToken cancellationToken)
    {
        foreach (var (stream, (version, state)) in _expected)
        {
            var slash = stream.IndexOf('/', StringComparison.Ordinal);
            var (path, fields) = Resources[stream[..slash]];
            var id = stream[(slash + 1)..];
            using var response = await _http.GetAsync($"{path}/{Uri.EscapeDataString(id)}", cancellationToken);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                report.Differ($"GET /{path}/{id} answers 404");
                continue;
            }

            response.EnsureSuccessStatusCode();
            var answer = (await response.Content.ReadFromJsonAsync<JsonNode>(cancellationToken))!;
            report.Answers++;
            var answered = answer["version"]!.GetValue<long>();
            if (answered < version)
                report.Differ($"GET /{path}/{id} is at version {answered}, but {version} events are stored");
            else if (answered == version)
                foreach (var field in fields.Where(f => !Same(answer[f], state[f])))
                    report.Differ($"GET /{path}/{id} says {field} {answer[field]?.ToJsonString() ?? "nothing"}, but the events give {state[field]?.ToJsonString() ?? "nothing"}");
        }
    }

    public void Dispose() => _http.Dispose();

    // Times may be written with or without a fraction.
    private static bool Same(JsonNode? one, JsonNode? other) => JsonNode.DeepEquals(one, other)
        || (DateTimeOffset.TryParse(one?.ToString(), CultureInfo.InvariantCulture, out var a)
            && DateTimeOffset.TryParse(other?.ToString(), CultureInfo.InvariantCulture, out var b) && a == b);
}

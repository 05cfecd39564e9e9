using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
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

    // An API that does not answer these is not asked for hours whether it answers the others.
    private const int MostFailures = 3;

    private readonly HttpClient _http = new() { BaseAddress = new Uri(api), Timeout = TimeSpan.FromSeconds(30) };
    private readonly Dictionary<string, (long Version, JsonNode State)> _expected = [];

    /// <summary>Remembers the state of a stream, up to the most.</summary>
    public void Expect(string streamKey, long version, JsonNode state)
    {
        if (_expected.Count < most)
            _expected[streamKey] = (version, state);
    }

    /// <summary>Asks for every state remembered. One that has gone on since is only held to be newer; what the API does not answer is said to be unread.</summary>
    public async Task CheckAsync(AuditReport report, CancellationToken cancellationToken)
    {
        var (asked, failures) = (0, 0);
        foreach (var (stream, (version, state)) in _expected)
        {
            if (failures == MostFailures)
            {
                report.Unread($"{api} is not asked for the other {_expected.Count - asked} states.");
                return;
            }

            asked++;
            var slash = stream.IndexOf('/', StringComparison.Ordinal);
            var (path, fields) = Resources[stream[..slash]];
            var id = stream[(slash + 1)..];
            var (answer, problem) = await AskAsync($"{path}/{Uri.EscapeDataString(id)}", cancellationToken);
            if (problem is not null)
            {
                failures++;
                report.Unread($"GET /{path}/{id} of {api} {problem}");
            }
            else if (answer is null)
            {
                report.Differ($"GET /{path}/{id} answers 404");
            }
            else
            {
                report.Answers++;
                Compare($"GET /{path}/{id}", answer, version, state, fields, report);
            }
        }
    }

    // Null and null: there is no such thing.
    private async Task<(JsonNode? Answer, string? Problem)> AskAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync(path, cancellationToken);
            if (response.StatusCode == HttpStatusCode.NotFound)
                return (null, null);
            if (!response.IsSuccessStatusCode)
                return (null, $"answers {(int)response.StatusCode} {response.ReasonPhrase}");
            var answer = await response.Content.ReadFromJsonAsync<JsonNode>(cancellationToken);
            return answer is JsonObject && answer["version"] is JsonValue version && version.TryGetValue<long>(out _) ? (answer, null) : (null, "answers something without a version");
        }
        catch (HttpRequestException e)
        {
            return (null, $"has failed: {e.Message}");
        }
        catch (JsonException)
        {
            return (null, "answers something that is not JSON");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"has no answer after {_http.Timeout.TotalSeconds} s");
        }
    }

    private static void Compare(string what, JsonNode answer, long version, JsonNode state, string[] fields, AuditReport report)
    {
        var answered = answer["version"]!.GetValue<long>();
        if (answered < version)
            report.Differ($"{what} is at version {answered}, but {version} events are stored");
        else if (answered == version)
            foreach (var field in fields.Where(f => !Same(answer[f], state[f])))
                report.Differ($"{what} says {field} {answer[field]?.ToJsonString() ?? "nothing"}, but the events give {state[field]?.ToJsonString() ?? "nothing"}");
    }

    public void Dispose() => _http.Dispose();

    // Times may be written with or without a fraction.
    private static bool Same(JsonNode? one, JsonNode? other) => JsonNode.DeepEquals(one, other)
        || (DateTimeOffset.TryParse(one?.ToString(), CultureInfo.InvariantCulture, out var a)
            && DateTimeOffset.TryParse(other?.ToString(), CultureInfo.InvariantCulture, out var b) && a == b);
}

using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chaos.Checking;

namespace Chaos.Load;

/// <summary>Commands and reads over HTTP, each command with a key under which it is repeated until it is answered.</summary>
internal sealed class HttpLoad(string api, int seed, int keys, Journal journal) : IDisposable
{
    private const int Tries = 12;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(500);
    private readonly HttpClient _http = new() { BaseAddress = new Uri(api), Timeout = TimeSpan.FromSeconds(12) };
    private long _unanswered;

    /// <summary>Requests without a usable answer.</summary>
    public long Unanswered => Interlocked.Read(ref _unanswered);

    /// <summary>Works with a number of callers until cancelled.</summary>
    public Task RunAsync(int callers, CancellationToken cancellationToken) => Task.WhenAll(Enumerable.Range(0, callers).Select(async caller =>
    {
        var random = new Random(seed * 31 + caller);
        var zipf = new Zipf(keys);
        for (var i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            if (random.Next(3) == 0)
                await CommandAsync(random, zipf, $"chaos-{caller.ToString(CultureInfo.InvariantCulture)}-{i.ToString(CultureInfo.InvariantCulture)}", cancellationToken);
            else
                await ReadAsync(random.Next(2) == 0 ? ("users", "user", $"user-{zipf.Next(random)}") : ("accounts", "account", $"acc-{zipf.Next(random)}"));
            await Task.Delay(Pause, CancellationToken.None);
        }
    }));

    /// <summary>Reads every user and account once: what only a cold stream gets wrong, nobody may have asked for yet.</summary>
    public async Task ReadAllAsync()
    {
        for (var i = 0; i < keys; i++)
        {
            await ReadAsync(("users", "user", $"user-{i}"));
            await ReadAsync(("accounts", "account", $"acc-{i}"));
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task ReadAsync((string Path, string Aggregate, string Id) what)
    {
        var begin = journal.Now;
        try
        {
            using var response = await _http.GetAsync(new Uri($"{what.Path}/{what.Id}", UriKind.Relative));
            if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.NotFound))
            {
                Interlocked.Increment(ref _unanswered);
                return;
            }

            var version = response.StatusCode == HttpStatusCode.NotFound ? 0 : (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("version").GetInt64();
            journal.Add(new Read($"{what.Aggregate}/{what.Id}", version, begin, journal.Now));
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            Interlocked.Increment(ref _unanswered);
        }
    }

    private async Task CommandAsync(Random random, Zipf zipf, string id, CancellationToken cancellationToken)
    {
        var account = $"acc-{zipf.Next(random)}";
        var amount = random.Next(100, 5_000) / 100m;
        var asked = random.Next(6) == 0 ? 1_000_000m : amount; // more than anybody has
        var (stream, method, path, body) = random.Next(4) switch
        {
            0 => ($"user/user-{zipf.Next(random)}", HttpMethod.Put, "", (object)new { name = $"Name {id}" }),
            1 => ($"account/{account}", HttpMethod.Post, $"accounts/{account}/withdrawals", new { amount = asked, currency = "EUR" }),
            2 => ($"account/{account}", HttpMethod.Post, "transfers", new { from = account, to = $"acc-{keys}", amount = asked, currency = "EUR" }),
            _ => ($"account/{account}", HttpMethod.Post, $"accounts/{account}/deposits", new { amount, currency = "EUR" }),
        };
        if (path.Length == 0)
            path = $"users/{stream["user/".Length..]}/profile";
        var begin = journal.Now;
        var (answer, version) = (Answer.None, (long?)null);
        for (var i = 0; i < Tries && answer == Answer.None && (i == 0 || !cancellationToken.IsCancellationRequested); i++)
        {
            if (i > 0)
                await Task.Delay(RetryPause, CancellationToken.None);
            (answer, version) = await TryAsync(method, path, body, id);
        }

        journal.Add(new Command(id, stream, begin, journal.Now, answer, version));
    }

    private async Task<(Answer Answer, long? Version)> TryAsync(HttpMethod method, string path, object body, string id)
    {
        try
        {
            using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = JsonContent.Create(body), Headers = { { "Idempotency-Key", id } } };
            using var response = await _http.SendAsync(request);
            if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Accepted)
            {
                var receipt = await response.Content.ReadFromJsonAsync<JsonElement>();
                return (receipt.GetProperty("outcome").GetString() == "ignored" ? Answer.Ignored : Answer.Accepted, receipt.GetProperty("version").GetInt64());
            }

            if (response.StatusCode == HttpStatusCode.UnprocessableEntity)
                return (Answer.Rejected, null);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            // Not answered: it is asked again under the same key.
        }

        Interlocked.Increment(ref _unanswered);
        return (Answer.None, null);
    }
}

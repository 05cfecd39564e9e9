using System.Diagnostics;
using System.Text.Json;

namespace Windows;

/// <summary>
/// Reads results over HTTP while the load goes on. Of each window that closes, one user of each partition is asked for until the result is there, every ten milliseconds: more
/// questions would be much of what two cores do in that moment. Between them, users' open windows are read.
/// </summary>
internal sealed class HttpReads(int port, Func<string?> anyUser, Func<bool> counts, CancellationToken ending) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private readonly HttpClient _http = new() { BaseAddress = new($"http://127.0.0.1:{port}/jobs/per-user/results"), Timeout = TimeSpan.FromSeconds(10) };
    private readonly List<Task> _asked = [];

    /// <summary>From a window's closing to the answer that has its result, in milliseconds.</summary>
    public List<double> Closed { get; } = [];

    /// <summary>How long it took to read a user's open windows, in milliseconds.</summary>
    public List<double> Open { get; } = [];

    /// <summary>Answers without an open window of a user who had one.</summary>
    public int Empty { get; private set; }

    /// <summary>Asks for a user's result until it is there.</summary>
    /// <param name="user">The user, of whom there was a record in the window.</param>
    /// <param name="start">When the window starts.</param>
    /// <param name="closedAt">The timestamp at which the watermark passed its end.</param>
    public void Await(string user, DateTimeOffset start, long closedAt) => _asked.Add(Task.Run(async () =>
    {
        await UntilUpAsync();
        var query = $"?key={user}&state=final&from={start:yyyy-MM-ddTHH:mm:ssZ}&to={start.AddSeconds(1):yyyy-MM-ddTHH:mm:ssZ}";
        while (await CountAsync(query) == 0)
            await Task.Delay(Pause, ending);
        if (!counts())
            return;
        lock (Closed)
            Closed.Add(Stopwatch.GetElapsedTime(closedAt).TotalMilliseconds);
    }, ending));

    /// <summary>Reads open windows of one user after the other, until the end.</summary>
    public async Task ReadOpenAsync()
    {
        await UntilUpAsync();
        while (!ending.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (anyUser() is not { } user || ending.IsCancellationRequested)
                continue;
            var asked = Stopwatch.GetTimestamp();
            var rows = await CountAsync($"?key={user}&state=open");
            if (!counts())
                continue;
            Open.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
            Empty += rows == 0 ? 1 : 0;
        }
    }

    /// <summary>Waits for what is still asked for.</summary>
    public Task AllAnsweredAsync() => Task.WhenAll(_asked);

    public void Dispose() => _http.Dispose();

    private async Task UntilUpAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                using var answer = await _http.GetAsync("?state=open&limit=1", ending);
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // The process is starting.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), ending);
        }
    }

    private async Task<int> CountAsync(string query)
    {
        using var answer = JsonDocument.Parse(await _http.GetStringAsync(query, CancellationToken.None));
        return answer.RootElement.GetProperty("items").GetArrayLength();
    }
}

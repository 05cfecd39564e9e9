using System.Text.Json;

namespace Producer.Sending;

/// <summary>Holds the sending back while the system lags: a broker that keeps little would drop records before they are read.</summary>
internal sealed class LagGate(string api, long limit) : IDisposable
{
    private static readonly TimeSpan CheckEvery = TimeSpan.FromMilliseconds(500);
    private readonly HttpClient _http = new() { BaseAddress = new Uri(api), Timeout = TimeSpan.FromSeconds(2) };
    private DateTime _next;

    /// <summary>Returns when the lag is below the limit, or cannot be asked for.</summary>
    public async Task PassAsync(CancellationToken cancellationToken)
    {
        while (DateTime.UtcNow >= _next)
        {
            _next = DateTime.UtcNow + CheckEvery;
            if (await LagAsync(cancellationToken) is not { } lag || lag < limit)
                return;
            await Task.Delay(CheckEvery, cancellationToken);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<long?> LagAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var topics = JsonDocument.Parse(await _http.GetStringAsync("topics", cancellationToken));
            return topics.RootElement.GetProperty("items").EnumerateArray()
                .SelectMany(topic => topic.GetProperty("partitions").EnumerateArray())
                .Max(partition => (long?)partition.GetProperty("lag").GetInt64());
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return null; // the page may start later than the load
        }
    }
}

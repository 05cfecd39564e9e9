using System.Text.Json;

namespace Producer.Sending;

/// <summary>
/// Holds the sending back while the system lags, or does not say whether it does: a broker that keeps little would drop records before they
/// are read.
/// </summary>
internal sealed class LagGate(string api, long limit, TimeProvider time, Action<string> say) : IDisposable
{
    private static readonly TimeSpan CheckEvery = TimeSpan.FromMilliseconds(500);
    private readonly HttpClient _http = new() { BaseAddress = new Uri(api.TrimEnd('/') + "/"), Timeout = TimeSpan.FromSeconds(2) };
    private long? _checked;
    private bool _said;

    /// <summary>Returns when the lag is known to be below the limit.</summary>
    public async ValueTask PassAsync(CancellationToken cancellationToken)
    {
        if (_checked is { } last && time.GetElapsedTime(last) < CheckEvery)
            return;
        while (await LagAsync(cancellationToken) is not { } lag || lag >= limit)
            await Task.Delay(CheckEvery, time, cancellationToken);
        _checked = time.GetTimestamp();
    }

    public void Dispose() => _http.Dispose();

    // Of the partition that is furthest behind: it is the first to drop what was not read.
    private async Task<long?> LagAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var topics = JsonDocument.Parse(await _http.GetStringAsync("topics", cancellationToken));
            // A topic that nothing reads has no lag.
            var most = topics.RootElement.GetProperty("items").EnumerateArray()
                .SelectMany(topic => topic.GetProperty("partitions").EnumerateArray())
                .Select(partition => partition.TryGetProperty("lag", out var lag) && lag.ValueKind == JsonValueKind.Number ? lag.GetInt64() : 0)
                .DefaultIfEmpty(0).Max();
            _said = false;
            return most;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested
            && e is HttpRequestException or JsonException or KeyNotFoundException or InvalidOperationException or OperationCanceledException)
        {
            if (!_said)
                say($"Sending waits: {_http.BaseAddress}topics does not tell the lag ({e.Message})");
            _said = true;
            return null;
        }
    }
}

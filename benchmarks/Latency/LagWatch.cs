using System.Diagnostics;
using System.Text.Json;

namespace Latency;

/// <summary>The lag of the partition that is furthest behind, each second.</summary>
internal sealed class LagWatch(string api) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri(api), Timeout = TimeSpan.FromSeconds(10) };

    public List<(TimeSpan At, long Lag)> Seconds { get; } = [];

    public async Task RunAsync(Stopwatch clock, TimeSpan duration, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (clock.Elapsed < duration && await timer.WaitForNextTickAsync(cancellationToken))
        {
            using var topics = JsonDocument.Parse(await _http.GetStringAsync("topics", cancellationToken));
            Seconds.Add((clock.Elapsed, topics.RootElement.GetProperty("items").EnumerateArray()
                .SelectMany(t => t.GetProperty("partitions").EnumerateArray())
                .Select(p => p.TryGetProperty("lag", out var lag) && lag.ValueKind == JsonValueKind.Number ? lag.GetInt64() : 0).DefaultIfEmpty().Max())); // no one reads some
        }
    }

    public void Dispose() => _http.Dispose();
}

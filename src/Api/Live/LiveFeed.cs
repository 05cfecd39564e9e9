using System.Text;
using System.Text.Json;
using EventPlatform.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Api.Live;

/// <summary>Takes a snapshot at each interval, once for all clients, and keeps the last minutes for those that join.</summary>
internal sealed partial class LiveFeed(
    LiveSources sources, LiveClients clients, IOptions<LiveOptions> options, TimeProvider time, ILogger<LiveFeed> logger) : BackgroundService
{
    /// <summary>The charts' last five minutes, a point a second.</summary>
    private const int HistoryPoints = 300;

    private readonly Lock _lock = new();
    private readonly Queue<LivePoint> _history = new();

    /// <summary>Adds a client, or returns null when there are as many as allowed.</summary>
    public LiveClient? TryJoin()
    {
        lock (_lock)
            return clients.TryAdd(Message("history", _history));
    }

    public void Leave(LiveClient client) => clients.Remove(client);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.LiveInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await PublishAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task PublishAsync(CancellationToken stoppingToken)
    {
        try
        {
            var snapshot = await sources.TakeAsync(withWindows: clients.Count > 0, stoppingToken);
            lock (_lock)
            {
                Remember(snapshot.Point);
                clients.Broadcast(Message("snapshot", snapshot));
            }
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            LogFailed(e); // the feed goes on: the next snapshot may succeed
        }
    }

    private void Remember(LivePoint point)
    {
        if (_history.Count > 0 && point.T - _history.Last().T < 1_000)
            return;
        _history.Enqueue(point);
        if (_history.Count > HistoryPoints)
            _history.Dequeue();
    }

    private static byte[] Message(string name, object data) =>
        Encoding.UTF8.GetBytes($"event: {name}\ndata: {JsonSerializer.Serialize(data, ApiJson.Options)}\n\n");

    [LoggerMessage(5131, LogLevel.Error, "A snapshot of the live feed could not be taken; the next is tried.")]
    private partial void LogFailed(Exception exception);
}

using System.Text.Json;
using EventStore.Appending;
using EventStore.Reading;

namespace Api.Live;

/// <summary>Follows the newest events: how many a second, how old they were when committed, and who they belong to.</summary>
internal sealed class EventTail(IEventReader reader)
{
    private const int SampleSize = 100;
    private const int MostEntities = 8;
    private static readonly TimeSpan LatencyWindow = TimeSpan.FromSeconds(10);

    /// <summary>An event that was already older than this when it came is late, or history: it says nothing about the system's speed.</summary>
    private static readonly TimeSpan LateAfter = TimeSpan.FromMinutes(1);

    private readonly Queue<(DateTimeOffset SeenAt, double Milliseconds)> _latencies = new();
    private readonly RateMeter _rate = new(TimeSpan.FromSeconds(3));
    private readonly LinkedList<LiveEntity> _users = new();
    private readonly LinkedList<LiveEntity> _accounts = new();
    private HashSet<long> _sample = [];

    public double? Rate { get; private set; }

    public IReadOnlyList<LiveEntity> Users => [.. _users];

    public IReadOnlyList<LiveEntity> Accounts => [.. _accounts];

    public async Task ReadAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var newest = await reader.ReadNewestAsync(SampleSize, cancellationToken);
        Rate = _rate.Add(now, newest.Count == 0 ? 0 : newest[0].Sequence);

        // Not those with a larger number than the last one's: what is committed at the same time may be seen in another order.
        foreach (var e in newest.Where(e => !_sample.Contains(e.Sequence)).Reverse())
            Add(e, now);
        _sample = [.. newest.Select(e => e.Sequence)];
        while (_latencies.Count > 0 && now - _latencies.Peek().SeenAt > LatencyWindow)
            _latencies.Dequeue();
    }

    /// <summary>The latency that this share of the sampled events stayed under, in milliseconds, or null without events.</summary>
    public double? Percentile(double share)
    {
        if (_latencies.Count == 0)
            return null;
        var sorted = _latencies.Select(l => l.Milliseconds).Order().ToArray();
        return sorted[Math.Min(sorted.Length - 1, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }

    private void Add(StoredEvent e, DateTimeOffset now)
    {
        if (EventTime(e) is { } at && e.Timestamp - at is var age && age >= TimeSpan.Zero && age < LateAfter)
            _latencies.Enqueue((now, age.TotalMilliseconds));
        var slash = e.StreamKey.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
            return;
        var entity = new LiveEntity(e.StreamKey[(slash + 1)..], e.TypeName, e.Timestamp, e.Version);
        if (e.StreamKey.AsSpan(0, slash) is "user")
            MoveToFront(_users, entity);
        else if (e.StreamKey.AsSpan(0, slash) is "account")
            MoveToFront(_accounts, entity);
    }

    private static void MoveToFront(LinkedList<LiveEntity> list, LiveEntity entity)
    {
        for (var node = list.First; node is not null; node = node.Next)
        {
            if (node.Value.Id != entity.Id)
                continue;
            list.Remove(node);
            break;
        }

        list.AddFirst(entity);
        if (list.Count > MostEntities)
            list.RemoveLast();
    }

    private static DateTimeOffset? EventTime(StoredEvent e)
    {
        using var json = JsonDocument.Parse(e.Data);
        return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("at", out var at)
            && at.TryGetDateTimeOffset(out var time) ? time : null;
    }
}

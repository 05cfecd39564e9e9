using System.Diagnostics;
using Shared;

namespace Consume;

/// <summary>What the grains of this silo have taken.</summary>
/// <param name="events">How many records there will be.</param>
public sealed class Progress(long events)
{
    private long _taken;
    private long _firstAt;
    private TimeSpan _usedBefore;

    /// <summary>Records so far.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Since the first record.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(Interlocked.Read(ref _firstAt));

    /// <summary>Processor time of this process since then.</summary>
    public TimeSpan Used => Environment.CpuUsage.TotalTime - _usedBefore;

    /// <summary>How long each delivery's oldest record has waited, without the first third.</summary>
    public Waits Waits { get; } = new();

    /// <summary>Counts a delivery.</summary>
    public void Took(int records, long oldestMs)
    {
        if (Interlocked.CompareExchange(ref _firstAt, Stopwatch.GetTimestamp(), 0) == 0)
            _usedBefore = Environment.CpuUsage.TotalTime;
        if (Interlocked.Add(ref _taken, records) > events / 3)
            Waits.Count(oldestMs);
    }
}

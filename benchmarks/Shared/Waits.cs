using System.Globalization;

namespace Shared;

/// <summary>How long records have waited, in buckets of a millisecond up to a minute. Cheap enough to count every delivery.</summary>
public sealed class Waits
{
    private readonly long[] _buckets = new long[60_000];

    /// <summary>Counts what the producer was handed at a moment of the wall clock, and is taken now.</summary>
    public void Count(long producedMs) =>
        Interlocked.Increment(ref _buckets[Math.Clamp(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - producedMs, 0, _buckets.Length - 1)]);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"p50 {Percentile(0.5)} p99 {Percentile(0.99)}");

    private int Percentile(double share)
    {
        var (left, bucket) = (_buckets.Sum() * share, 0);
        for (; bucket < _buckets.Length - 1 && left > _buckets[bucket]; bucket++)
            left -= _buckets[bucket];
        return bucket;
    }
}

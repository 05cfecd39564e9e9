using System.Globalization;
using EventStore.Projections;

namespace EventPlatform.Replay;

/// <summary>A bound of a replay from Kafka: an offset for all partitions, offsets per partition, or a time.</summary>
/// <param name="Offset">The offset for partitions that <paramref name="PerPartition"/> does not name, or null.</param>
/// <param name="PerPartition">Offsets by partition.</param>
/// <param name="Time">A Kafka timestamp, or null.</param>
internal sealed record ReplayBound(long? Offset, IReadOnlyDictionary<int, long> PerPartition, DateTimeOffset? Time)
{
    private static readonly ReplayBound None = new(null, new Dictionary<int, long>(), null);

    /// <summary>Whether nothing is bounded.</summary>
    public bool IsNone => Offset is null && Time is null && PerPartition.Count == 0;

    /// <summary>Reads <c>500</c>, <c>0:500,1:700</c> or <c>2026-01-31T00:00:00Z</c>.</summary>
    /// <exception cref="ProjectionException">It is none of these.</exception>
    public static ReplayBound Parse(string name, string? text)
    {
        if (string.IsNullOrEmpty(text))
            return None;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
            return None with { Offset = offset };
        var parts = text.Split(',').Select(part => part.Split(':')).ToArray();
        if (parts.All(p => p.Length == 2 && int.TryParse(p[0], CultureInfo.InvariantCulture, out _) && long.TryParse(p[1], CultureInfo.InvariantCulture, out _)))
        {
            var offsets = parts.ToLookup(p => int.Parse(p[0], CultureInfo.InvariantCulture), p => long.Parse(p[1], CultureInfo.InvariantCulture));
            return offsets.FirstOrDefault(p => p.Count() > 1) is { } twice
                ? throw new ProjectionException(ProjectionRefusal.Invalid, $"'{name}' is '{text}': it has partition {twice.Key} more than once.")
                : None with { PerPartition = offsets.ToDictionary(p => p.Key, p => p.Single()) };
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? None with { Time = time }
            : throw new ProjectionException(
                ProjectionRefusal.Invalid, $"'{name}' is '{text}': write an offset (500), offsets by partition (0:500,1:700) or a time (2026-01-31T00:00:00Z).");
    }

    /// <summary>Whether a record lies before this bound.</summary>
    public bool IsAfter(int partition, long offset, long timestampMs) =>
        Time is { } time ? timestampMs < time.ToUnixTimeMilliseconds() : OffsetOf(partition) is { } bound && offset < bound;

    /// <summary>Where reading a partition up to this bound ends. A time bounds no offset: timestamps need not rise.</summary>
    public long EndOf(int partition, long high) => IsNone || Time is not null ? high : Math.Clamp(OffsetOf(partition) ?? 0, 0, high);

    private long? OffsetOf(int partition) => PerPartition.TryGetValue(partition, out var offset) ? offset : Offset;
}

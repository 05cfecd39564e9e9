namespace Producer.Generation;

/// <summary>
/// When a record says that it happened. With a seed time is part of what repeats, so it comes from the record's number alone and not from the
/// rate; without one it is now.
/// </summary>
internal static class EventClock
{
    /// <summary>The first record's time under a seed: long past, so that even a long history is not ahead of the broker's clock.</summary>
    public static readonly DateTimeOffset SeededStart = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The time between two records under a seed.</summary>
    public static readonly TimeSpan SeededStep = TimeSpan.FromMilliseconds(10);

    public static Func<long, DateTimeOffset> Seeded => number => SeededStart + number * SeededStep;

    // To the millisecond: finer is not kept on the wire.
    public static Func<long, DateTimeOffset> Live(TimeProvider time) => _ => DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
}

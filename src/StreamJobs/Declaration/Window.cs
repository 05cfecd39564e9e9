namespace StreamJobs;

/// <summary>
/// How records are grouped in time: <see cref="Tumbling"/>, <see cref="Sliding"/>, <see cref="Session"/> or <see cref="Counting"/>; in pairs, by
/// <see cref="Interval"/>; or not, by <see cref="Processing"/>.
/// </summary>
public abstract record Window
{
    private protected Window()
    {
    }

    internal abstract string? Mistake { get; }

    private protected static string? Positive(TimeSpan span, string what) =>
        span < TimeSpan.FromMilliseconds(1) || span.Ticks % TimeSpan.TicksPerMillisecond != 0 ? $"the {what} must be a positive number of whole milliseconds, not {span}" : null;
}

/// <summary>Windows one behind the other, aligned to the Unix epoch.</summary>
public sealed record Tumbling : Window
{
    private Tumbling(TimeSpan size) => Size = size;

    /// <summary>A window's length.</summary>
    public TimeSpan Size { get; }

    internal override string? Mistake => Positive(Size, "window's size");

    /// <summary>Windows of a length.</summary>
    public static Tumbling Of(TimeSpan size) => new(size);
}

/// <summary>Windows of a length that start every so often, aligned to the Unix epoch. A record is kept once, in the slice that its windows share.</summary>
public sealed record Sliding : Window
{
    private Sliding(TimeSpan size, TimeSpan every) => (Size, Every) = (size, every);

    /// <summary>A window's length.</summary>
    public TimeSpan Size { get; }

    /// <summary>From one window's start to the next one's.</summary>
    public TimeSpan Every { get; }

    internal override string? Mistake => Positive(Every, "slide") ?? Positive(Size, "window's size")
        ?? (Size.Ticks % Every.Ticks != 0 ? $"a sliding window's size ({Size}) must be a multiple of its slide ({Every})" : null);

    /// <summary>Windows of a length that start every so often.</summary>
    public static Sliding Of(TimeSpan size, TimeSpan every) => new(size, every);
}

/// <summary>
/// A window lasts as long as a key's records are no further apart than the gap; it ends the gap after the last one. A record joins a session as long as that
/// is not final; but a session's start no longer moves back to a record that, alone, would be late: results stand under key and start, each start has one.
/// </summary>
public sealed record Session : Window
{
    private Session(TimeSpan gap) => Gap = gap;

    /// <summary>The silence that ends a session; records exactly that far apart are in one.</summary>
    public TimeSpan Gap { get; }

    internal override string? Mistake => Positive(Gap, "session's gap");

    /// <summary>Sessions that end with a silence.</summary>
    public static Session WithGap(TimeSpan gap) => new(gap);
}

/// <summary>A key's records, so many at a time, in the order of their partition.</summary>
/// <remarks>
/// A window begins with the smallest time of its records, but later than the key's window before it: of records in one millisecond, or out of order, by as much as keeps
/// the key's results apart. Something of each key is kept for good.
/// </remarks>
public sealed record Counting : Window
{
    private Counting(int records) => Records = records;

    /// <summary>How many records fill a window.</summary>
    public int Records { get; }

    internal override string? Mistake => Records < 1 ? $"a counting window needs at least one record, not {Records}" : null;

    /// <summary>Windows of so many records.</summary>
    public static Counting Of(int records) => new(records);
}

/// <summary>No windows: a process function is called with each record.</summary>
public sealed record Processing : Window
{
    private Processing(TimeSpan keep) => Keep = keep;

    /// <summary>How long a key's state outlives its newest record.</summary>
    public TimeSpan Keep { get; }

    internal override string? Mistake => Positive(Keep, "time that a state is kept for");

    internal static Processing Keeping(TimeSpan keep) => new(keep);
}

/// <summary>Pairs: a record and each of the other topic's that happened within an interval around it.</summary>
public sealed record Interval : Window
{
    private Interval(TimeSpan from, TimeSpan to) => (From, To) = (from, to);

    /// <summary>From where the other topic's records count, as seen from the record's time; inclusive.</summary>
    public TimeSpan From { get; }

    /// <summary>Up to where; inclusive.</summary>
    public TimeSpan To { get; }

    internal override string? Mistake => Whole(From) ?? Whole(To) ?? (From > To ? $"the interval begins ({From}) behind its end ({To})" : null);

    internal static Interval Between(TimeSpan from, TimeSpan to) => new(from, to);

    private static string? Whole(TimeSpan span) => span.Ticks % TimeSpan.TicksPerMillisecond != 0 ? $"the interval must be of whole milliseconds, not {span}" : null;
}

/// <summary><c>5.Seconds()</c> and the like.</summary>
public static class Durations
{
    /// <summary>So many milliseconds.</summary>
    public static TimeSpan Milliseconds(this int count) => TimeSpan.FromMilliseconds(count);

    /// <summary>So many seconds.</summary>
    public static TimeSpan Seconds(this int count) => TimeSpan.FromSeconds(count);

    /// <summary>So many minutes.</summary>
    public static TimeSpan Minutes(this int count) => TimeSpan.FromMinutes(count);

    /// <summary>So many hours.</summary>
    public static TimeSpan Hours(this int count) => TimeSpan.FromHours(count);

    /// <summary>So many days.</summary>
    public static TimeSpan Days(this int count) => TimeSpan.FromDays(count);
}

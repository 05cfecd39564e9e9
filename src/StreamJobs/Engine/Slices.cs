namespace StreamJobs.Engine;

/// <summary>
/// The arithmetic of aligned windows, in milliseconds. A window of <see cref="Size"/> starts every <see cref="Every"/>; a record is kept once, in its
/// slice of that length, and a window is the slices that it covers. A tumbling window is one slice.
/// </summary>
/// <param name="Size">A window's length.</param>
/// <param name="Every">From one window's start to the next one's.</param>
/// <param name="Lateness">How long after its end a window can be corrected.</param>
/// <param name="FinalUpTo">Windows that end at or before it are final whatever the watermark: they were when the lateness was smaller, or another partition was the slowest, and are forgotten.</param>
internal readonly record struct Slices(long Size, long Every, long Lateness, long FinalUpTo = long.MinValue)
{
    /// <summary>The start of the slice that a time belongs to.</summary>
    public long SliceOf(long timestamp) => timestamp - Mod(timestamp);

    /// <summary>The end of the first window that a slice is part of.</summary>
    public long FirstEnd(long slice) => slice + Every;

    /// <summary>The end of the last window that a slice is part of.</summary>
    public long LastEnd(long slice) => slice + Size;

    /// <summary>Whether every window of a slice is final.</summary>
    public bool IsFinal(long slice, long watermark) => LastEnd(slice) <= FinalAt(watermark);

    /// <summary>Windows that end at or before it are final.</summary>
    public long FinalAt(long watermark) => watermark == long.MinValue ? FinalUpTo : Math.Max(FinalUpTo, watermark - Lateness);

    /// <summary>The end of the last window that a watermark has closed.</summary>
    public long ClosedUpTo(long watermark) => watermark is long.MaxValue or long.MinValue ? watermark : SliceOf(watermark);

    /// <summary>The end of the first window after those that are closed which holds one of some slices; <see cref="long.MaxValue"/> when there is none.</summary>
    /// <param name="held">The slices, ascending.</param>
    /// <param name="closedUpTo">The end of the last window that is closed.</param>
    public long NextEnd(IEnumerable<long> held, long closedUpTo)
    {
        foreach (var slice in held)
        {
            if (NextEnd(slice, FirstEnd(slice), closedUpTo) is < long.MaxValue and var end)
                return end;
        }

        return long.MaxValue;
    }

    /// <summary>The end of the first window after those that are closed which holds some of parts; <see cref="long.MaxValue"/> when there is none.</summary>
    /// <param name="parts">The parts, ascending.</param>
    /// <param name="closedUpTo">The end of the last window that is closed.</param>
    public long NextEndOfParts(IEnumerable<long> parts, long closedUpTo)
    {
        var next = long.MaxValue;
        foreach (var part in parts)
        {
            var (slice, firstEnd) = SliceAndFirstEnd(part);
            if (FirstEnd(slice) >= next)
                break;
            next = Math.Min(next, NextEnd(slice, firstEnd, closedUpTo));
        }

        return next;
    }

    /// <summary>The same slices, of which what a watermark makes final stays so whatever watermark comes next.</summary>
    public Slices FinalBy(long watermark) => this with { FinalUpTo = watermark == long.MaxValue ? long.MaxValue : FinalAt(watermark) };

    /// <summary>The number of the first part that is not final by <see cref="FinalUpTo"/>.</summary>
    public long FirstPartNotFinal()
    {
        if (FinalUpTo is long.MaxValue or long.MinValue)
            return FinalUpTo;
        var slice = SliceOf(FinalUpTo - Size) + Every;
        return PartOf(slice, FirstEnd(slice));
    }

    private long NextEnd(long slice, long firstEnd, long closedUpTo)
    {
        var end = closedUpTo == long.MinValue ? firstEnd : Math.Max(firstEnd, closedUpTo + Every);
        return closedUpTo != long.MaxValue && end <= LastEnd(slice) ? end : long.MaxValue;
    }

    /// <summary>The end of the first window of a slice that a record counts in which comes at a watermark: it is late for those before. The slice is not final.</summary>
    public long FirstCounted(long slice, long watermark)
    {
        var (first, final) = (FirstEnd(slice), FinalAt(watermark));
        return first > final ? first : first + (((final - first) / Every) + 1) * Every;
    }

    /// <summary>
    /// The number of a part: the records of a slice that count from one of its windows on. A merger that closes an earlier window later than the records'
    /// own partition has passed it must leave them out. Parts of tumbling windows have their slice's number; numbers ascend with slices.
    /// </summary>
    public long PartOf(long slice, long firstEnd) => Size == Every ? slice : (slice / Every * (Size / Every)) + ((firstEnd - FirstEnd(slice)) / Every);

    /// <summary>A part's slice, and the end of its first window.</summary>
    public (long Slice, long FirstEnd) SliceAndFirstEnd(long part)
    {
        if (Size == Every)
            return (part, FirstEnd(part));
        var windows = Size / Every;
        var late = ((part % windows) + windows) % windows;
        var slice = (part - late) / windows * Every;
        return (slice, FirstEnd(slice) + (late * Every));
    }

    private long Mod(long timestamp)
    {
        var rest = timestamp % Every;
        return rest < 0 ? rest + Every : rest;
    }
}

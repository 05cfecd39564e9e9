namespace StreamJobs.Engine;

/// <summary>
/// The arithmetic of aligned windows, in milliseconds. A window of <see cref="Size"/> starts every <see cref="Every"/>; a record is kept once, in its
/// slice of that length, and a window is the slices that it covers. A tumbling window is one slice.
/// </summary>
internal readonly record struct Slices(long Size, long Every, long Lateness)
{
    /// <summary>The start of the slice that a time belongs to.</summary>
    public long SliceOf(long timestamp) => timestamp - Mod(timestamp);

    /// <summary>The end of the first window that a slice is part of.</summary>
    public long FirstEnd(long slice) => slice + Every;

    /// <summary>The end of the last window that a slice is part of.</summary>
    public long LastEnd(long slice) => slice + Size;

    /// <summary>Whether every window of a slice is final.</summary>
    public bool IsFinal(long slice, long watermark) => watermark >= LastEnd(slice) + Lateness;

    /// <summary>The end of the last window that a watermark has closed.</summary>
    public long ClosedUpTo(long watermark) => watermark is long.MaxValue or long.MinValue ? watermark : SliceOf(watermark);

    /// <summary>The end of the first window after those that are closed which holds one of some slices; <see cref="long.MaxValue"/> when there is none.</summary>
    /// <param name="held">The slices, ascending.</param>
    /// <param name="closedUpTo">The end of the last window that is closed.</param>
    public long NextEnd(IEnumerable<long> held, long closedUpTo)
    {
        foreach (var slice in held)
        {
            var end = closedUpTo == long.MinValue ? FirstEnd(slice) : Math.Max(FirstEnd(slice), closedUpTo + Every);
            if (closedUpTo != long.MaxValue && end <= LastEnd(slice))
                return end;
        }

        return long.MaxValue;
    }

    private long Mod(long timestamp)
    {
        var rest = timestamp % Every;
        return rest < 0 ? rest + Every : rest;
    }
}

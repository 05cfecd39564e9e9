namespace StreamJobs.Engine;

/// <summary>Unix milliseconds as times, of which there are those of the years 1 to 9999.</summary>
internal static class EventTime
{
    private static readonly long Min = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long Max = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>The time, or the nearest there is: what was kept must not keep anybody from reading the rest.</summary>
    public static DateTimeOffset At(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(milliseconds, Min, Max));

    /// <summary>The timestamps that a job can use: what it makes of them, the watermark and the starts and ends of windows, are times too.</summary>
    public static (long First, long Last) UsableBy(Job job)
    {
        var span = job.Window switch
        {
            Tumbling tumbling => tumbling.Size,
            Sliding sliding => sliding.Size,
            Session session => session.Gap,
            Interval interval => interval.From.Duration() > interval.To.Duration() ? interval.From.Duration() : interval.To.Duration(),
            _ => TimeSpan.Zero,
        };
        var reach = Math.Max(1, (long)span.TotalMilliseconds); // a result ends a millisecond after its time at least
        return (Min + reach + (long)job.WatermarkDelay.TotalMilliseconds, Max - reach);
    }
}

namespace StreamJobs.Engine;

/// <summary>The arithmetic of an interval join, in milliseconds: the other side's record lies from..to as seen from the left one.</summary>
internal readonly record struct JoinBounds(long From, long To, long Lateness)
{
    public JoinBounds(Interval interval, TimeSpan lateness)
        : this((long)interval.From.TotalMilliseconds, (long)interval.To.TotalMilliseconds, (long)lateness.TotalMilliseconds)
    {
    }

    /// <summary>The times of a record's partners; both inclusive.</summary>
    public (long First, long Last) PartnersOf(JoinSide side, long time) => side == JoinSide.Left ? (time + From, time + To) : (time - To, time - From);

    /// <summary>A partner of a record may still come while the other side's watermark is no further than this.</summary>
    public long KeptUpTo(JoinSide side, long time) => PartnersOf(side, time).Last + Lateness;
}

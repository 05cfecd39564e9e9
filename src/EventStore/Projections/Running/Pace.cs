namespace EventStore.Projections.Running;

/// <summary>How often pages are taken while live.</summary>
internal static class Pace
{
    /// <summary>How many times the interval a rest is at most: a page may have waited for something that was away, and needs no rest for that.</summary>
    private const int Longest = 10;

    /// <summary>
    /// The rest until the next page. A page that was much work is followed by as much rest: the next one is larger, and touches large or popular documents
    /// once for more events. So a projection is not busy for much more than half of the time, unless it is behind.
    /// </summary>
    /// <param name="interval">The shortest time from one page to the next.</param>
    /// <param name="taken">How long the page took.</param>
    public static TimeSpan Rest(TimeSpan interval, TimeSpan taken)
    {
        var rest = interval - taken;
        return rest >= taken ? rest : taken < interval * Longest ? taken : interval * Longest;
    }
}

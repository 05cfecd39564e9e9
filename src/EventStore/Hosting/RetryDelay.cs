namespace EventStore.Hosting;

/// <summary>The pause between attempts while the database is away: 50 ms, doubling up to a limit.</summary>
internal sealed class RetryDelay(TimeSpan limit, TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(50);
    private TimeSpan _next = Min(First, limit);

    public void Reset() => _next = Min(First, limit);

    /// <summary>Waits; returns early when told to stop.</summary>
    public async Task WaitAsync(CancellationToken stopping)
    {
        await Task.Delay(_next, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _next = Min(_next * 2, limit);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}

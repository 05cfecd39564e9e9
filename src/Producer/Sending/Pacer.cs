namespace Producer.Sending;

/// <summary>
/// Keeps a rate by the clock from the start, not by pauses between records, which would add up. What a stall held back is made up for, but
/// no more than a second of it: longer, and the load after an outage would be another one than was asked for.
/// </summary>
internal sealed class Pacer(Rate rate, TimeProvider time)
{
    private static readonly TimeSpan MostBehind = TimeSpan.FromSeconds(1);

    // A wait per record costs more than sending it: at high rates several go out together.
    private static readonly TimeSpan Finest = TimeSpan.FromMilliseconds(5);

    private long? _start;
    private long _number;

    /// <summary>Returns when the next record is due.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (rate.RecordsPerSecond is not { } perSecond)
            return;
        var start = _start ??= time.GetTimestamp();
        var ahead = TimeSpan.FromSeconds(_number++ / perSecond) - time.GetElapsedTime(start);
        if (ahead < -MostBehind)
            (_start, _number) = (time.GetTimestamp(), 1);
        else if (ahead >= Finest)
            await Task.Delay(ahead, time, cancellationToken);
    }
}

namespace EventStore.Projections.Running;

/// <summary>Events per second, weighted towards the last five seconds.</summary>
internal sealed class RateMeter(TimeProvider time)
{
    private const double Window = 5;
    private long _at = time.GetTimestamp();
    private double _rate;

    public double Count(int events)
    {
        var now = time.GetTimestamp();
        var seconds = Math.Max(time.GetElapsedTime(_at, now).TotalSeconds, 1e-6);
        var keep = Math.Exp(-seconds / Window);
        _rate = (_rate * keep) + (events / seconds * (1 - keep));
        _at = now;
        return _rate;
    }
}

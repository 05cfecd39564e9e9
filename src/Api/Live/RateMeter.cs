namespace Api.Live;

/// <summary>The rate of a counter over the last seconds. A counter that goes back, as that of a recreated topic, starts over.</summary>
internal sealed class RateMeter(TimeSpan window)
{
    private readonly Queue<(DateTimeOffset At, long Count)> _samples = new();

    /// <summary>Takes a reading and returns the rate per second, or null until there are two readings.</summary>
    public double? Add(DateTimeOffset at, long count)
    {
        if (_samples.Count > 0 && _samples.Last().Count > count)
            _samples.Clear();
        while (_samples.Count > 1 && at - _samples.Peek().At > window)
            _samples.Dequeue();
        _samples.Enqueue((at, count));
        var (first, from) = _samples.Peek();
        return at > first ? (count - from) / (at - first).TotalSeconds : null;
    }
}

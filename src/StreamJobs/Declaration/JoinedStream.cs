namespace StreamJobs;

/// <summary>Pairs of records; <see cref="Select"/> says what is made of one.</summary>
/// <typeparam name="TLeft">The first topic's records.</typeparam>
/// <typeparam name="TRight">The other's.</typeparam>
public sealed class JoinedStream<TLeft, TRight>
{
    private readonly string _name;
    private readonly Interval _interval;
    private readonly TimeSpan _lateness;
    private readonly Func<Job, Job> _left;
    private readonly Func<Job, Job> _right;

    internal JoinedStream(string name, Interval interval, TimeSpan lateness, Func<Job, Job> left, Func<Job, Job> right) =>
        (_name, _interval, _lateness, _left, _right) = (name, interval, lateness, left, right);

    /// <summary>Says what a pair becomes: <c>(visit, payment) => new { payment.Amount, page = visit.PageUrl }</c>. The names are the results' fields.</summary>
    public JoinJob<TLeft, TRight, TResult> Select<TResult>(Func<TLeft, TRight, TResult> result) => new(_name, _interval, _lateness, _left, _right, result);
}

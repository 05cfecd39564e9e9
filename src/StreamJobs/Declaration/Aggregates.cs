namespace StreamJobs;

/// <summary>
/// The aggregates that a window can compute: what <c>a</c> is in <c>.Aggregate(a => new { c = a.Count() })</c>. The lambda is read, not run: its
/// calls become columns of state, and the rest of it computes a result from their values, so <c>0.3m * a.Count()</c> works too.
/// </summary>
/// <typeparam name="T">The records.</typeparam>
public sealed class Aggregates<T>
{
    private Aggregates()
    {
    }

    /// <summary>How many records.</summary>
    public long Count() => throw Read();

    /// <summary>How many records for which something holds.</summary>
    public long Count(Func<T, bool> predicate) => throw Read();

    /// <summary>The exact sum; 0 of no value. A record whose value is null doesn't count.</summary>
    public long Sum(Func<T, long?> value) => throw Read();

    /// <summary>The exact sum; 0 of no value. A record whose value is null doesn't count.</summary>
    public decimal Sum(Func<T, decimal?> value) => throw Read();

    /// <summary>The sum, which depends on the records' order as doubles do; 0 of no value.</summary>
    public double Sum(Func<T, double?> value) => throw Read();

    /// <summary>The mean of the values there are; null of none.</summary>
    public decimal? Average(Func<T, decimal?> value) => throw Read();

    /// <summary>The smallest value; the type's default of none.</summary>
    public TValue Min<TValue>(Func<T, TValue> value) => throw Read();

    /// <summary>The largest value; the type's default of none.</summary>
    public TValue Max<TValue>(Func<T, TValue> value) => throw Read();

    /// <summary>How many different values, exactly. A record whose value is null doesn't count. The values are of a type that tells when two are equal: arrays do not.</summary>
    public long CountDistinct<TValue>(Func<T, TValue> value) => throw Read();

    /// <summary>The most frequent values, the most frequent first, and of equally frequent ones the smaller: they need an order.</summary>
    public IReadOnlyList<Ranked<TValue>> Top<TValue>(int limit, Func<T, TValue> value)
        where TValue : notnull => throw Read();

    /// <summary>An aggregate of one's own.</summary>
    public TValue Of<TState, TValue>(IAggregator<T, TState, TValue> aggregator) => throw Read();

    private static InvalidOperationException Read() => new("Aggregates are declared in .Aggregate(a => ...), which reads them.");
}

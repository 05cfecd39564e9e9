using System.Linq.Expressions;
using StreamJobs.Columns;

namespace StreamJobs;

/// <summary>A job that has a name.</summary>
public sealed class JobStart
{
    private readonly string _name;

    internal JobStart(string name) => _name = name;

    /// <summary>Reads a topic.</summary>
    /// <typeparam name="T">What its records decode to; a struct with only the fields that matter costs no allocation per record.</typeparam>
    /// <param name="topic">The topic's logical name.</param>
    public JobSource<T> From<T>(string topic) =>
        string.IsNullOrWhiteSpace(topic) ? throw new JobDefinitionException(_name, "it reads from a topic without a name") : new(_name, topic);
}

/// <summary>A job that has a topic; it needs a time next: <see cref="Watermark"/> or <see cref="ByArrival"/>.</summary>
/// <typeparam name="T">The topic's records.</typeparam>
public sealed class JobSource<T>
{
    private readonly string _name;
    private readonly string _topic;

    internal JobSource(string name, string topic) => (_name, _topic) = (name, topic);

    /// <summary>
    /// Says when records happened. A partition's watermark is its largest timestamp less the delay: what is older than that is late.
    /// </summary>
    /// <param name="timestamp">When a record happened. One whose windows would begin before the year 1 or end after 9999, as those of a default value do, is set aside like a late record.</param>
    /// <param name="delay">How far out of order a partition's records may be; not negative.</param>
    /// <param name="maxAhead">
    /// How far a timestamp may lie ahead of the record's Kafka timestamp; one further ahead is set aside like a late record and moves no watermark. A day by default.
    /// </param>
    public JobStream<T, T> Watermark(Func<T, DateTimeOffset> timestamp, TimeSpan delay, TimeSpan? maxAhead = null)
    {
        if (delay < TimeSpan.Zero)
            throw new JobDefinitionException(_name, $"the watermark's delay must not be negative ({delay})");
        if (maxAhead <= TimeSpan.Zero)
            throw new JobDefinitionException(_name, $"maxAhead must be positive ({maxAhead})");
        return new(new(_name, _topic, new(timestamp, delay, maxAhead ?? TimeSpan.FromDays(1))), next => next);
    }

    /// <summary>
    /// Takes the moment at which a record is taken for its time (processing time): none is late, and windows close by the clock, also when nothing comes. Each
    /// record still counts once; but which window counts it is chance, and a replay gives other windows. Prefer <see cref="Watermark"/> where records have a time.
    /// </summary>
    public JobStream<T, T> ByArrival() => new(new(_name, _topic, new(null, TimeSpan.Zero, TimeSpan.MaxValue)), next => next);
}

/// <summary>Records on their way to windows.</summary>
/// <typeparam name="TSource">The topic's records.</typeparam>
/// <typeparam name="T">What the steps so far have made of them.</typeparam>
public sealed class JobStream<TSource, T>
{
    private readonly JobHead _head;
    private readonly Func<Action<T>, Action<TSource>> _steps;

    internal JobStream(JobHead head, Func<Action<T>, Action<TSource>> steps) => (_head, _steps) = (head, steps);

    /// <summary>Goes on with the records for which something holds. The others still move the watermark.</summary>
    public JobStream<TSource, T> Where(Func<T, bool> predicate) => new(_head, next => _steps(record =>
    {
        if (predicate(record))
            next(record);
    }));

    /// <summary>Goes on with what becomes of each record.</summary>
    public JobStream<TSource, TOut> Select<TOut>(Func<T, TOut> selector) => new(_head, next => _steps(record => next(selector(record))));

    /// <summary>
    /// Goes on with what each record consists of. All of it is known before any of it goes on. When a later step throws on a part, the record is one that the job could not use, but the
    /// parts before it count.
    /// </summary>
    public JobStream<TSource, TOut> SelectMany<TOut>(Func<T, IEnumerable<TOut>> selector) => new(_head, next => _steps(record =>
    {
        foreach (var part in selector(record).ToArray())
            next(part);
    }));

    /// <summary>Groups by a key that may occur on any partition: the partitions' parts are merged. Records whose key is null are left out.</summary>
    public KeyedStream<TSource, T> KeyBy(Func<T, string?> key) => new(_head, _steps, key, isMerged: true);

    /// <summary>
    /// Groups by the key that the topic is partitioned by. All records of a key are on one partition, so nothing is merged; sessions and counting
    /// windows need that. Must be the records' Kafka key, or begin with it. Records for which it is null are left out; a record without a Kafka key lies anywhere, and becomes a dead letter.
    /// </summary>
    /// <remarks>
    /// A record that lies on another partition than its key's others (its producer's partitioner is another one, or partitions were added) has a result of its own
    /// under the same name, and the later of the two replaces the other. Where that can be, use <see cref="KeyBy"/>.
    /// </remarks>
    public KeyedStream<TSource, T> KeyByRecordKey(Func<T, string?> key) => new(_head, _steps, key, isMerged: false);

    /// <summary>All records together, under the key <c>all</c>.</summary>
    public KeyedStream<TSource, T> KeyByNothing() => KeyBy(_ => "all");
}

/// <summary>Records with a key.</summary>
/// <typeparam name="TSource">The topic's records.</typeparam>
/// <typeparam name="T">The records.</typeparam>
public sealed class KeyedStream<TSource, T>
{
    private readonly JobHead _head;
    private readonly Func<Action<T>, Action<TSource>> _steps;
    private readonly Func<T, string?> _key;
    private readonly bool _isMerged;

    internal KeyedStream(JobHead head, Func<Action<T>, Action<TSource>> steps, Func<T, string?> key, bool isMerged) =>
        (_head, _steps, _key, _isMerged) = (head, steps, key, isMerged);

    /// <summary>Calls code with each record: for what no window says.</summary>
    /// <param name="process">The code.</param>
    /// <param name="keep">How long a key's state outlives its newest record and its last result, in event time; results that a timer by the clock gave do not count. A record that comes later than that is late.</param>
    public ProcessJob<TSource, T, TState, TResult> Process<TState, TResult>(Process<T, TState, TResult> process, TimeSpan keep)
        where TState : class
    {
        var how = Processing.Keeping(keep);
        if (how.Mistake is { } mistake)
            throw new JobDefinitionException(_head.Name, mistake);
        if (_isMerged)
            throw new JobDefinitionException(_head.Name, "a process function needs all of a key's records on one partition: use KeyByRecordKey");
        return new(_head, _steps, _key, how, process);
    }

    /// <summary>
    /// Pairs each record with the other topic's records of the same key that happened within an interval around it: at or after its time and <paramref name="from"/>, at or
    /// before its time and <paramref name="to"/>. Both topics' records go through a topic of the job's own, <c>{name}-inputs</c>, so either may be partitioned by anything.
    /// </summary>
    /// <param name="other">The other topic, from <c>From</c> to <c>KeyBy</c>.</param>
    /// <param name="from">The interval's start, negative when the other record may come first.</param>
    /// <param name="to">Its end.</param>
    /// <param name="allowedLateness">How far a record may be behind its own partition's watermark before it is late, in event time. Nothing by default. Records are kept as long, too.</param>
    public JoinedStream<T, TOther> Join<TOtherSource, TOther>(
        Func<JobStart, KeyedStream<TOtherSource, TOther>> other, TimeSpan from, TimeSpan to, TimeSpan allowedLateness = default)
    {
        var interval = Interval.Between(from, to);
        if (interval.Mistake is { } mistake)
            throw new JobDefinitionException(_head.Name, mistake);
        if (allowedLateness < TimeSpan.Zero)
            throw new JobDefinitionException(_head.Name, $"the allowed lateness must not be negative ({allowedLateness})");
        var right = other(new(_head.Name));
        if (right._head.Name != _head.Name)
            throw new JobDefinitionException(_head.Name, $"it is joined with a part of job '{right._head.Name}': begin with what the lambda is given");
        if (_head.Time.Timestamp is null || right._head.Time.Timestamp is null)
            throw new JobDefinitionException(_head.Name, "a join goes by when records happened on both topics: use Watermark");
        return new(_head.Name, interval, allowedLateness, join => Feeder(join, JoinSide.Left), join => right.Feeder(join, JoinSide.Right));
    }

    private JoinFeeder<TSource, T> Feeder(Job join, JoinSide side) => new(_head, join, side, _steps, _key);

    /// <summary>Groups a key's records in time.</summary>
    /// <param name="window">How.</param>
    /// <param name="allowedLateness">
    /// How long after a window's end a record still corrects its result, in event time. Nothing by default. Windows that are final stay so when this is raised; to have them corrected, cancel the job
    /// and start it.
    /// </param>
    public WindowedStream<TSource, T> Window(Window window, TimeSpan allowedLateness = default)
    {
        if (window.Mistake is { } mistake)
            throw new JobDefinitionException(_head.Name, mistake);
        if (allowedLateness < TimeSpan.Zero)
            throw new JobDefinitionException(_head.Name, $"the allowed lateness must not be negative ({allowedLateness})");
        if (allowedLateness > TimeSpan.Zero && _head.Time.Timestamp is null)
            throw new JobDefinitionException(_head.Name, "no record is late by its arrival, so there is no lateness to allow");
        if (window is Session or Counting && _isMerged)
            throw new JobDefinitionException(_head.Name, "sessions and counting windows need all of a key's records on one partition: use KeyByRecordKey");
        if (window is Counting && allowedLateness > TimeSpan.Zero)
            throw new JobDefinitionException(_head.Name, "a counting window has no end in time, so it allows no lateness");
        return new(_head, _steps, _key, _isMerged, window, allowedLateness);
    }
}

/// <summary>Records in windows.</summary>
/// <typeparam name="TSource">The topic's records.</typeparam>
/// <typeparam name="T">The records.</typeparam>
public sealed class WindowedStream<TSource, T>
{
    private readonly JobHead _head;
    private readonly Func<Action<T>, Action<TSource>> _steps;
    private readonly Func<T, string?> _key;
    private readonly bool _isMerged;
    private readonly Window _window;
    private readonly TimeSpan _lateness;

    internal WindowedStream(
        JobHead head, Func<Action<T>, Action<TSource>> steps, Func<T, string?> key, bool isMerged, Window window, TimeSpan lateness) =>
        (_head, _steps, _key, _isMerged, _window, _lateness) = (head, steps, key, isMerged, window, lateness);

    /// <summary>Says what is computed: <c>a => new { c = a.Count(), users = a.CountDistinct(e => e.UserId) }</c>. The names are the results' fields.</summary>
    /// <exception cref="JobDefinitionException">The lambda says what cannot be computed.</exception>
    public WindowJob<TSource, T, TResult> Aggregate<TResult>(Expression<Func<Aggregates<T>, TResult>> aggregate) =>
        new(_head, _steps, _key, _isMerged, _window, _lateness, Aggregation<T, TResult>.Of(_head.Name, aggregate));
}

/// <summary>What every job has.</summary>
internal sealed record JobHead(string Name, string Topic, JobTime Time);

using StreamJobs.Columns;
using StreamJobs.Engine;
using StreamJobs.Running;

namespace StreamJobs;

/// <summary>A job that computes something of windows. Its results are served at <c>/jobs/{name}/results</c>, and go to topics if it says so.</summary>
/// <typeparam name="TSource">The topic's records.</typeparam>
/// <typeparam name="T">The records that windows hold.</typeparam>
/// <typeparam name="TResult">What is computed.</typeparam>
public sealed class WindowJob<TSource, T, TResult> : Job
{
    private readonly Func<Action<T>, Action<TSource>> _steps;
    private readonly Func<T, string?> _key;
    private readonly Aggregation<T, TResult> _aggregation;

    internal WindowJob(
        JobHead head, Func<Action<T>, Action<TSource>> steps, Func<T, string?> key, bool isMerged, Window window, TimeSpan lateness,
        Aggregation<T, TResult> aggregation)
        : base(head.Name, head.Topic, typeof(TSource), head.Time, window, lateness, isMerged) =>
        (_steps, _key, _aggregation) = (steps, key, aggregation);

    /// <summary>Sends each result to a topic too, exactly once for a read_committed reader, under the key <c>key|start</c> with the start in Unix milliseconds.</summary>
    /// <typeparam name="TRecord">The records, which have a schema: they are written as the topic's other records are.</typeparam>
    /// <param name="topic">The topic's logical name.</param>
    /// <param name="record">What a result becomes.</param>
    public WindowJob<TSource, T, TResult> ToTopic<TRecord>(string topic, Func<WindowResult<TResult>, TRecord> record)
        where TRecord : class
    {
        AddTopic(new(topic, record, typeof(TRecord)));
        return this;
    }

    /// <summary>Keeps no results in the table: those of closed windows are in their topics alone. Open windows are still served. Said behind the first topic.</summary>
    /// <exception cref="JobDefinitionException">No topic gets the results.</exception>
    public WindowJob<TSource, T, TResult> OnlyToTopics()
    {
        if (TopicSinks.Count == 0)
            throw new JobDefinitionException(Name, "its results would go nowhere: say ToTopic before OnlyToTopics");
        IsOnlyToTopics = true;
        return this;
    }

    /// <summary>Sends late records, and those with a timestamp too far ahead, to a topic as they came.</summary>
    public WindowJob<TSource, T, TResult> LateToTopic(string topic)
    {
        LateTopic = topic == Topic ? throw new JobDefinitionException(Name, $"its late records would go to '{Topic}', which it reads") : topic;
        return this;
    }

    internal override PartitionJob CreatePartition(IJobRecordEncoder? encoder)
    {
        var output = new JobOutput<TResult>(TopicSinks, encoder, IsOnlyToTopics);
        var lateness = (long)AllowedLateness.TotalMilliseconds;
        IWindows<T, TResult> windows = Window switch
        {
            Session session => new SessionWindows<T, TResult>((long)session.Gap.TotalMilliseconds, lateness, _aggregation, output.Add),
            Counting counting => new CountingWindows<T, TResult>(counting.Records, _aggregation, output.Add),
            _ when IsMerged => new PartialWindows<T, TResult>(Slices(), _aggregation, output.AddPartial),
            _ => new SlicedWindows<T, TResult>(Slices(), _aggregation, output.Add),
        };
        return new WindowPartitionJob<TSource, T, TResult>(this, (Func<TSource, DateTimeOffset>)Time.Timestamp, _steps, _key, windows, output);
    }

    internal override MergedJob CreateMerger(IJobRecordEncoder? encoder)
    {
        var output = new JobOutput<TResult>(TopicSinks, encoder, IsOnlyToTopics);
        return new MergedJob<T, TResult>(Slices(), _aggregation, output);
    }

    private Slices Slices()
    {
        var (size, every) = Window switch
        {
            Tumbling tumbling => (tumbling.Size, tumbling.Size),
            Sliding sliding => (sliding.Size, sliding.Every),
            _ => throw new InvalidOperationException($"{Window} has no slices."),
        };
        return new((long)size.TotalMilliseconds, (long)every.TotalMilliseconds, (long)AllowedLateness.TotalMilliseconds);
    }
}

using StreamJobs.Engine;
using StreamJobs.Running;

namespace StreamJobs;

/// <summary>A job that has results. They are served at <c>/jobs/{name}/results</c>, and go to topics if it says so.</summary>
/// <typeparam name="TResult">What a result is.</typeparam>
public abstract class ResultJob<TResult> : Job
{
    private protected ResultJob(JobHead head, Type recordType, Window window, TimeSpan lateness, bool isMerged)
        : base(head.Name, head.Topic, recordType, head.Time, window, lateness, isMerged)
    {
    }

    /// <inheritdoc/>
    public override Type ResultType => typeof(TResult);

    /// <summary>Sends each result to a topic too, exactly once for a read_committed reader, under the key <c>key|start</c> with the start in Unix milliseconds.</summary>
    /// <typeparam name="TRecord">The records, which have a schema: they are written as the topic's other records are.</typeparam>
    /// <param name="topic">The topic's logical name.</param>
    /// <param name="record">What a result becomes.</param>
    public ResultJob<TResult> ToTopic<TRecord>(string topic, Func<WindowResult<TResult>, TRecord> record)
        where TRecord : class
    {
        AddTopic(new(topic, record, typeof(TRecord)));
        return this;
    }

    /// <summary>Keeps no results in the table: those of closed windows are in their topics alone. Open windows are still served. Said behind the first topic.</summary>
    /// <exception cref="JobDefinitionException">No topic gets the results.</exception>
    public ResultJob<TResult> OnlyToTopics()
    {
        if (TopicSinks.Count == 0)
            throw new JobDefinitionException(Name, "its results would go nowhere: say ToTopic before OnlyToTopics");
        if (IsInLake)
            throw new JobDefinitionException(Name, "its lake is filled from the table that OnlyToTopics does without");
        IsOnlyToTopics = true;
        return this;
    }

    /// <summary>Takes final results out of the table when they are so old: by the job's own event time, not by the clock. Those that the lake still waits for stay.</summary>
    /// <param name="age">From when a window is final (its end and the allowed lateness) to the watermark.</param>
    /// <exception cref="JobDefinitionException">The age is not positive, or its results have no event time by which they would be final.</exception>
    public ResultJob<TResult> KeepResults(TimeSpan age)
    {
        if (age <= TimeSpan.Zero)
            throw new JobDefinitionException(Name, $"results must be kept for a positive time, not {age}");
        if (Window is Counting)
            throw new JobDefinitionException(Name, "results of counting windows cannot be told old by event time");
        ResultsKept = age;
        return this;
    }

    /// <summary>
    /// Writes each result into the lake too, once, when it is final: Parquet files at <c>Jobs:LakeFolder</c>, in a folder per job and date of the windows'
    /// start. Tools that know folders like <c>date=2026-01-31</c> read it as one table.
    /// </summary>
    /// <exception cref="JobDefinitionException">Its windows do not become final by event time, or its results are in topics alone.</exception>
    public ResultJob<TResult> ToLake()
    {
        if (Window is Counting or Processing)
            throw new JobDefinitionException(Name, "the lake takes results when no record can change them any more, which tumbling, sliding and session windows and joins tell by event time; these do not");
        if (IsOnlyToTopics)
            throw new JobDefinitionException(Name, "its lake is filled from the table that OnlyToTopics does without");
        IsInLake = true;
        return this;
    }

    /// <summary>Sends late records, and those with a timestamp too far ahead, to a topic as they came.</summary>
    public ResultJob<TResult> LateToTopic(string topic)
    {
        LateTopic = Sources.Contains(topic) ? throw new JobDefinitionException(Name, $"its late records would go to '{topic}', which it reads") : topic;
        return this;
    }

    private protected JobOutput<TResult> CreateOutput(IJobRecordEncoder? encoder) => new(TopicSinks, encoder, IsOnlyToTopics);
}

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
        IsOnlyToTopics = true;
        return this;
    }

    /// <summary>Sends late records, and those with a timestamp too far ahead, to a topic as they came.</summary>
    public ResultJob<TResult> LateToTopic(string topic)
    {
        LateTopic = topic == Topic ? throw new JobDefinitionException(Name, $"its late records would go to '{Topic}', which it reads") : topic;
        return this;
    }

    private protected JobOutput<TResult> CreateOutput(IJobRecordEncoder? encoder) => new(TopicSinks, encoder, IsOnlyToTopics);
}

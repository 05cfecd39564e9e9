using StreamJobs.Engine;
using StreamJobs.Running;

namespace StreamJobs;

/// <summary>Brings one topic's records to a join: it is a job like others, whose results lie on the topic that the join reads, each once.</summary>
internal sealed class JoinFeeder<TSource, T> : Job
{
    private readonly Job _join;
    private readonly JoinSide _side;
    private readonly Func<Action<T>, Action<TSource>> _steps;
    private readonly Func<T, string?> _key;

    public JoinFeeder(JobHead head, Job join, JoinSide side, Func<Action<T>, Action<TSource>> steps, Func<T, string?> key)
        : base($"{join.Name}-{(side == JoinSide.Left ? "left" : "right")}", head.Topic, typeof(TSource), head.Time, join.Window, join.AllowedLateness, isMerged: false)
    {
        (_join, _side, _steps, _key) = (join, side, steps, key);
        AddTopic(new(join.Topic, (WindowResult<JoinInput> input) => input.Value, typeof(JoinInput)));
        IsOnlyToTopics = true;
    }

    /// <inheritdoc/>
    public override Type ResultType => typeof(JoinInput);

    internal override bool IsFeeder => true;

    /// <summary>The join's: it is judged here what is late.</summary>
    public override string? LateTopic => _join.LateTopic;

    /// <inheritdoc/>
    public override string StateShape => "input of a join"; // it keeps nothing but its position

    internal override PartitionJob CreatePartition(int partition, IJobRecordEncoder? encoder, Func<string, int?> partitionsOf)
    {
        var output = new JobOutput<JoinInput>([], encoder, onlyToTopics: true);
        var feed = new JoinFeed<T>(
            _join.Topic, _side, partition, (long)AllowedLateness.TotalMilliseconds,
            encoder ?? throw new InvalidOperationException($"Job '{Name}' feeds '{_join.Name}', which JoinHarness runs."), output);
        return new WindowPartitionJob<TSource, T, JoinInput>(this, (Func<TSource, DateTimeOffset>?)Time.Timestamp, _steps, _key, feed, output);
    }

    internal override MergedJob CreateMerger(IJobRecordEncoder? encoder) => throw new InvalidOperationException($"Job '{Name}' has nothing to merge.");
}

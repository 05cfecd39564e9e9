using StreamJobs.Engine;
using StreamJobs.Running;
using StreamJobs.State;

namespace StreamJobs;

/// <summary>
/// A job that pairs the records of two topics. A result's key is the records' key and where the two stood on their topics, <c>key|partition.offset|partition.offset</c>: each pair
/// has one, the same in every run. It starts with the earlier record and ends behind the later one; nothing corrects it.
/// </summary>
/// <typeparam name="TLeft">The first topic's records.</typeparam>
/// <typeparam name="TRight">The other's.</typeparam>
/// <typeparam name="TResult">What is made of a pair.</typeparam>
public sealed class JoinJob<TLeft, TRight, TResult> : ResultJob<TResult>
{
    // Its watermark is what the marks say; this only tells that it goes by the records' time.
    private static new readonly JobTime Time = new((JoinInput input) => DateTimeOffset.FromUnixTimeMilliseconds(input.Timestamp ?? 0), TimeSpan.Zero, TimeSpan.MaxValue);
    private readonly Interval _interval;
    private readonly Job _left;
    private readonly Job _right;
    private readonly Func<TLeft, TRight, TResult> _result;

    internal JoinJob(string name, Interval interval, TimeSpan lateness, Func<Job, Job> left, Func<Job, Job> right, Func<TLeft, TRight, TResult> result)
        : base(new(name, $"{name}-inputs", Time), typeof(JoinInput), interval, lateness, isMerged: false) =>
        (_interval, _left, _right, _result) = (interval, left(this), right(this), result);

    /// <inheritdoc/>
    public override IEnumerable<Job> Feeders => [_left, _right];

    /// <inheritdoc/>
    public override string StateShape => $"{StateFormat}{_interval}: {StateContract.Of(typeof(TLeft))} with {StateContract.Of(typeof(TRight))}";

    internal override PartitionJob CreatePartition(int partition, IJobRecordEncoder? encoder, Func<string, int?> partitionsOf) =>
        new JoinPartitionJob<TLeft, TRight, TResult>(
            this, new(_interval, AllowedLateness), new(_left.Topic, _right.Topic), _result, partitionsOf, CreateOutput(encoder));

    internal override MergedJob CreateMerger(IJobRecordEncoder? encoder) =>
        throw new InvalidOperationException($"Job '{Name}' has nothing to merge: all of a key's records are on one partition of '{Topic}'.");
}

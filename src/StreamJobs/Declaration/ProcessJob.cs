using StreamJobs.Engine;
using StreamJobs.Running;
using StreamJobs.State;

namespace StreamJobs;

/// <summary>A job that calls code with each record of a key.</summary>
/// <typeparam name="TSource">The topic's records.</typeparam>
/// <typeparam name="T">The records that the code takes.</typeparam>
/// <typeparam name="TState">What is kept of a key.</typeparam>
/// <typeparam name="TResult">What is emitted.</typeparam>
public sealed class ProcessJob<TSource, T, TState, TResult> : ResultJob<TResult>
    where TState : class
{
    private readonly Func<Action<T>, Action<TSource>> _steps;
    private readonly Func<T, string?> _key;
    private readonly Processing _how;
    private readonly Process<T, TState, TResult> _process;

    internal ProcessJob(
        JobHead head, Func<Action<T>, Action<TSource>> steps, Func<T, string?> key, Processing how, Process<T, TState, TResult> process)
        : base(head, typeof(TSource), how, TimeSpan.Zero, isMerged: false) => (_steps, _key, _how, _process) = (steps, key, how, process);

    /// <inheritdoc/>
    public override string StateShape => $"{StateFormat}process function{(IsByArrival ? " by arrival" : "")}: {StateContract.Of(typeof(TState))}";

    internal override PartitionJob CreatePartition(int partition, IJobRecordEncoder? encoder, Func<string, int?> partitionsOf)
    {
        var output = CreateOutput(encoder);
        var states = new KeyedProcess<T, TState, TResult>(_process, (long)_how.Keep.TotalMilliseconds, output.Add);
        return new WindowPartitionJob<TSource, T, TResult>(this, (Func<TSource, DateTimeOffset>?)Time.Timestamp, _steps, _key, states, output);
    }

    internal override MergedJob CreateMerger(IJobRecordEncoder? encoder) =>
        throw new InvalidOperationException($"Job '{Name}' has nothing to merge: all of a key's records are on one partition.");
}

using StreamJobs.Columns;
using StreamJobs.Engine;
using StreamJobs.Running;

namespace StreamJobs;

/// <summary>A job that computes something of windows.</summary>
/// <typeparam name="TSource">The topic's records.</typeparam>
/// <typeparam name="T">The records that windows hold.</typeparam>
/// <typeparam name="TResult">What is computed.</typeparam>
public sealed class WindowJob<TSource, T, TResult> : ResultJob<TResult>
{
    private readonly Func<Action<T>, Action<TSource>> _steps;
    private readonly Func<T, string?> _key;
    private readonly Aggregation<T, TResult> _aggregation;

    internal WindowJob(
        JobHead head, Func<Action<T>, Action<TSource>> steps, Func<T, string?> key, bool isMerged, Window window, TimeSpan lateness,
        Aggregation<T, TResult> aggregation)
        : base(head, typeof(TSource), window, lateness, isMerged) =>
        (_steps, _key, _aggregation) = (steps, key, aggregation);

    /// <inheritdoc/>
    public override string StateShape => $"{StateFormat}{Window}{(IsByArrival ? " by arrival" : "")}, {(IsMerged ? Window is Sliding ? "merged by parts" : "merged" : "by record key")}: {_aggregation.Shape}";

    internal override PartitionJob CreatePartition(int partition, IJobRecordEncoder? encoder, Func<string, int?> partitionsOf)
    {
        var output = CreateOutput(encoder);
        var lateness = (long)AllowedLateness.TotalMilliseconds;
        IWindows<T, TResult> windows = Window switch
        {
            Session session => new SessionWindows<T, TResult>((long)session.Gap.TotalMilliseconds, lateness, _aggregation, output.Add),
            Counting counting => new CountingWindows<T, TResult>(counting.Records, _aggregation, output.Add),
            _ when IsMerged => new PartialWindows<T, TResult>(Slices(), _aggregation, output.AddPartial),
            _ => new SlicedWindows<T, TResult>(Slices(), _aggregation, output.Add),
        };
        return new WindowPartitionJob<TSource, T, TResult>(this, (Func<TSource, DateTimeOffset>?)Time.Timestamp, _steps, _key, windows, output);
    }

    internal override MergedJob CreateMerger(IJobRecordEncoder? encoder) => new MergedJob<T, TResult>(Slices(), _aggregation, CreateOutput(encoder));

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

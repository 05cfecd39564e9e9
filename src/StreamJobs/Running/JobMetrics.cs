using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace StreamJobs.Running;

/// <summary>What jobs measure, under the meter <c>StreamJobs</c>. A silo shows the partitions whose jobs run on it.</summary>
internal static class JobMetrics
{
    private static readonly Meter Meter = new("StreamJobs");
    private static readonly ConcurrentDictionary<(string Topic, int Partition, string Job), long> Watermarks = new();
    private static readonly ConcurrentDictionary<(string Topic, int Partition, string Job), (bool Unfit, bool Full)> Hindrances = new();

    private static readonly Counter<long> Records = Meter.CreateCounter<long>("streaming.job.records", "{record}", "Records that a job has taken.");

    private static readonly Counter<long> Late = Meter.CreateCounter<long>("streaming.job.late", "{record}", "Records that were late for a job, or too far ahead.");

    private static readonly Counter<long> Exceptions = Meter.CreateCounter<long>(
        "streaming.job.exceptions", "{exception}", "Records and results that a job's code threw on.");

    private static readonly Counter<long> Results = Meter.CreateCounter<long>("streaming.job.results", "{result}", "Results of closed windows, corrections included.");

    private static readonly Counter<long> Failures = Meter.CreateCounter<long>(
        "streaming.job.checkpoint.failures", "{attempt}", "Checkpoints of a partition's jobs that could not be written, and were tried again.");

    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>(
        "streaming.job.checkpoint.duration", "s", "From taking a checkpoint of a partition's jobs to its commit.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });

    private static readonly Counter<long> LakeFailures = Meter.CreateCounter<long>(
        "streaming.job.lake.failures", "{attempt}", "Times that a job's lake could not be written.");

    static JobMetrics()
    {
        Meter.CreateObservableGauge("streaming.job.watermark.delay", () => Watermarks.Where(w => w.Value is not (long.MinValue or long.MaxValue)).Select(w =>
            new Measurement<double>((DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - w.Value) / 1000d, Tags(w.Key))), "s", "How far a job's watermark on a partition is behind the clock.");
        Meter.CreateObservableGauge("streaming.job.unfit", () => Hindrances.Select(h => new Measurement<int>(h.Value.Unfit ? 1 : 0, Tags(h.Key))), "{job}", "1 while what a job kept does not fit it: it takes no records.");
        Meter.CreateObservableGauge("streaming.job.full", () => Hindrances.Select(h => new Measurement<int>(h.Value.Full ? 1 : 0, Tags(h.Key))), "{job}", "1 while a job has more keys than Jobs:MaxKeys: it takes no records.");
    }

    public static void Taken(string job, long records, long late, int exceptions, int results)
    {
        var tag = new KeyValuePair<string, object?>("stream_job", job);
        Records.Add(records, tag);
        Late.Add(late, tag);
        Exceptions.Add(exceptions, tag);
        Results.Add(results, tag);
    }

    public static void Written(string topic, double seconds) => Duration.Record(seconds, new KeyValuePair<string, object?>("topic", topic));

    public static void NotWritten(string topic, int partition) => Failures.Add(1, new("topic", topic), new("partition", partition));

    public static void LakeNotWritten(string job) => LakeFailures.Add(1, new KeyValuePair<string, object?>("stream_job", job));

    public static void Show(string topic, int partition, string job, long watermark, bool isUnfit = false, bool isFull = false) =>
        (Watermarks[(topic, partition, job)], Hindrances[(topic, partition, job)]) = (watermark, (isUnfit, isFull));

    /// <summary>Shows a partition's jobs no longer: another silo may.</summary>
    public static void Hide(string topic, int partition, string job)
    {
        Watermarks.TryRemove((topic, partition, job), out _);
        Hindrances.TryRemove((topic, partition, job), out _);
    }

    private static KeyValuePair<string, object?>[] Tags((string Topic, int Partition, string Job) key) => [new("topic", key.Topic), new("partition", key.Partition), new("stream_job", key.Job)];
}

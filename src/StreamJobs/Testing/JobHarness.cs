using StreamJobs.Engine;

namespace StreamJobs.Testing;

/// <summary>
/// Runs a job on given records, without broker, database or clock: time is the records' own. Every record goes the way that it goes in a cluster,
/// state is written and read back as a checkpoint would when <see cref="Restart"/> is called, and thirty days pass in seconds.
/// </summary>
/// <typeparam name="TSource">The job's records.</typeparam>
public sealed class JobHarness<TSource>
{
    private readonly Job _job;
    private readonly SortedDictionary<int, HarnessPartition<TSource>> _partitions = [];
    private readonly List<JobResult> _results = [];
    private readonly List<TSource> _late = [];
    private readonly List<Exception> _faults = [];
    private readonly List<Exception> _failures = [];
    private MergedJob? _merger;

    /// <summary>A harness for a job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="partitions">How many partitions its topic has.</param>
    public JobHarness(Job job, int partitions = 1)
    {
        if (job.RecordType != typeof(TSource))
            throw new ArgumentException($"Job '{job.Name}' takes records of {job.RecordType.Name}, not of {typeof(TSource).Name}.", nameof(job));
        _job = job;
        for (var partition = 0; partition < partitions; partition++)
            _partitions.Add(partition, new(CreatePartition(partition)));
        _merger = job.IsMerged ? job.CreateMerger() : null;
    }

    /// <summary>Whether what partitions give is merged at once. While it is not, it waits, as it does when the merger is away; a restart leaves it waiting.</summary>
    internal bool Merges { get; set; } = true;

    /// <summary>Every result so far, in the order in which it came, corrections included.</summary>
    public IReadOnlyList<JobResult> Results => _results;

    /// <summary>Records that were late, or too far ahead, or at the very ends of time.</summary>
    public IReadOnlyList<TSource> Late => _late;

    /// <summary>What the job's code threw; each made its record a dead letter.</summary>
    public IReadOnlyList<Exception> Faults => _faults;

    /// <summary>What the job's code threw when a window's result was computed, which there is none of then.</summary>
    public IReadOnlyList<Exception> Failures => _failures;

    /// <summary>The last revision of each window, without those that are no more, by window and key.</summary>
    public IEnumerable<JobResult> Final => _results
        .GroupBy(r => (r.Start, r.Key)).Select(g => g.Last()).Where(r => !r.Retracted).OrderBy(r => r.Start).ThenBy(r => r.Key, StringComparer.Ordinal);

    /// <summary>Results of windows that are still open, as far as they have come.</summary>
    public IReadOnlyList<JobResult> Open => [.. (_merger is null
        ? _partitions.Values.SelectMany(p => p.Job.OpenResults(OpenQuery.All))
        : _merger.OpenResults(_partitions.SelectMany(p => p.Value.Job.OpenSlices().Select(s => (p.Key, s.Slice, s.Data))), OpenQuery.All)).Select(JobResult.Of)];

    /// <summary>Gives records to a partition.</summary>
    public JobHarness<TSource> Given(int partition, params IEnumerable<TSource> records)
    {
        var target = _partitions[partition];
        foreach (var record in records)
        {
            if (_job.IsByArrival && target.Job.MaxTimestamp == long.MinValue)
                throw new InvalidOperationException($"Job '{_job.Name}' goes by the clock: set it with {nameof(Clock)} before the first record.");
            target.Take(record);
            _faults.AddRange(target.Job.Faults.Select(f => f.Error));
            if (target.Job.Late.Count > 0)
                _late.Add(record);
        }

        Collect();
        return this;
    }

    /// <summary>Gives records to the only partition.</summary>
    public JobHarness<TSource> Given(params IEnumerable<TSource> records) => Given(0, records);

    /// <summary>Sets the time at which Kafka takes the next records: timestamps far ahead of it are set aside.</summary>
    public JobHarness<TSource> At(DateTimeOffset kafkaTime)
    {
        foreach (var partition in _partitions.Values)
            partition.Clock = kafkaTime;
        return this;
    }

    /// <summary>Sets the clock: timers that were set by it come due, and a job that goes by arrival closes windows.</summary>
    public JobHarness<TSource> Clock(DateTimeOffset now)
    {
        foreach (var partition in _partitions.Values)
            partition.Job.Tick(now);
        Collect();
        return this;
    }

    /// <summary>Ends the input: every window is final.</summary>
    public JobHarness<TSource> Drain()
    {
        foreach (var partition in _partitions.Values)
            partition.Job.Drain();
        Collect();
        return this;
    }

    /// <summary>Keeps all state as a checkpoint does, and goes on with fresh objects that took it back.</summary>
    public JobHarness<TSource> Restart()
    {
        Collect();
        foreach (var (number, partition) in _partitions)
            partition.Restart(CreatePartition(number));
        if (_merger is { } merger)
        {
            _merger = _job.CreateMerger();
            _merger.Restore(merger.Snapshot());
            foreach (var (partition, one) in _partitions)
            {
                foreach (var (slice, part) in one.Parts)
                {
                    if (part.Known is { } known)
                        _merger.Offer(partition, slice, known, isKnown: true);
                }
            }
        }

        return this;
    }

    /// <summary>Gives the topic one more partition.</summary>
    internal JobHarness<TSource> Grow()
    {
        _partitions.Add(_partitions.Count, new(CreatePartition(_partitions.Count)));
        return this;
    }

    private PartitionJob<TSource> CreatePartition(int partition) => (PartitionJob<TSource>)_job.CreatePartition(partition, null, _ => _partitions.Count);

    private void Collect()
    {
        foreach (var one in _partitions.Values)
        {
            one.Checkpoint();
            foreach (var (slice, data) in one.Job.Output.Partials)
                one.Give(slice, data);
            _results.AddRange(one.Job.Output.Results.Select(JobResult.Of));
            _failures.AddRange(one.Job.Output.Failures);
            one.Job.Output.Clear();
        }

        if (_merger is { } merger && Merges)
            Merge(merger);
    }

    private void Merge(MergedJob merger)
    {
        foreach (var (partition, one) in _partitions)
        {
            foreach (var (slice, part) in one.Parts.Where(p => !p.Value.IsMerged).ToArray())
            {
                merger.Offer(partition, slice, part.Data);
                one.Parts[slice] = new(part.Data, IsMerged: true, MergedData: null);
            }
        }

        var watermark = _partitions.Values.Min(p => p.Job.Watermark);
        var needed = merger.Advance(watermark, watermark);
        foreach (var one in _partitions.Values)
        {
            foreach (var slice in one.Parts.Keys.Where(s => s < needed).ToArray())
                one.Parts.Remove(slice);
        }

        _results.AddRange(merger.Output.Results.Select(JobResult.Of));
        _failures.AddRange(merger.Output.Failures);
        merger.Output.Clear();
    }
}

using Microsoft.Extensions.Logging;
using StreamJobs.Checkpoints;
using StreamJobs.Engine;

namespace StreamJobs.Running;

/// <summary>The jobs of a partition, and which of them take records: not those that are drained, that an operator has paused, or that what they kept does not fit.</summary>
internal sealed partial class JobRoster(string topic, int partition, ILogger logger)
{
    private readonly List<PartitionJob> _jobs = [];
    private readonly Dictionary<string, long?> _endings = new(StringComparer.Ordinal);
    private readonly HashSet<string> _paused = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unfit = new(StringComparer.Ordinal);
    private readonly ILogger _logger = logger;

    public IReadOnlyList<PartitionJob> All => _jobs;

    /// <summary>Those that take records.</summary>
    public IEnumerable<PartitionJob> Active => _jobs.Where(IsActive);

    /// <summary>Those whose state may be written: of the others it would be lost.</summary>
    public IEnumerable<PartitionJob> Fit => _jobs.Where(j => !_unfit.Contains(j.Definition.Name));

    public IReadOnlyCollection<string> Unfit => _unfit;

    public void Add(PartitionJob job) => _jobs.Add(job);

    public bool IsActive(PartitionJob job) => !job.IsDrained && !_paused.Contains(job.Definition.Name) && !_unfit.Contains(job.Definition.Name);

    /// <summary>A job by its name; null when there is none, or what it kept does not fit it.</summary>
    public PartitionJob? Find(string name) => Fit.FirstOrDefault(j => j.Definition.Name == name);

    /// <summary>Takes back what jobs have kept.</summary>
    /// <param name="kept">By job.</param>
    /// <param name="incarnation">The topic's incarnation.</param>
    /// <param name="startOffset">Where jobs begin that have no position in it.</param>
    /// <returns>Whether one of them has kept nothing yet.</returns>
    public bool TakeBack(IReadOnlyDictionary<string, KeptJob> kept, string incarnation, long startOffset)
    {
        var isAnyNew = false;
        foreach (var job in _jobs)
        {
            job.Incarnation = incarnation;
            if (kept.TryGetValue(job.Definition.Name, out var own))
            {
                TakeBack(job, own, own.Incarnation == incarnation ? own.Position.NextOffset : startOffset);
                continue;
            }

            job.Position = startOffset;
            isAnyNew = true;
        }

        return isAnyNew;
    }

    /// <summary>
    /// Does what operators want: a job that is paused takes nothing; one that is drained takes what lies on the partition by then, and has its windows closed.
    /// </summary>
    /// <param name="wanted">By job; one that isn't named runs.</param>
    /// <param name="reached">How far the partition was presented to the jobs.</param>
    /// <param name="done">Every record below it is done; null while that is not known.</param>
    /// <returns>Whether a job was resumed, and whether one was drained.</returns>
    public (bool IsResumed, bool IsDrained) Obey(IReadOnlyDictionary<string, JobState> wanted, long reached, long? done)
    {
        var (isResumed, isDrained) = (false, false);
        foreach (var job in _jobs)
        {
            var state = wanted.GetValueOrDefault(job.Definition.Name, JobState.Running);
            if (state == JobState.Paused)
                _paused.Add(job.Definition.Name);
            else
                isResumed |= _paused.Remove(job.Definition.Name) && !job.IsDrained;
            if (state != JobState.Draining)
                _endings.Remove(job.Definition.Name);
            else if (!job.IsDrained && !_unfit.Contains(job.Definition.Name) && HasTaken(job, EndOf(job), reached, done))
            {
                job.Drain();
                isDrained = true;
            }
        }

        return (isResumed, isDrained);
    }

    /// <summary>Jobs whose input ends, and that have to be told where: at the end of the log, by a look at it that begins after they are named here.</summary>
    public IReadOnlyList<string> WantLogEnd => [.. _endings.Where(e => e.Value is null).Select(e => e.Key)];

    /// <summary>Tells jobs where the log ends.</summary>
    public void EndAt(IEnumerable<string> jobs, long end)
    {
        foreach (var job in jobs.Intersect(WantLogEnd))
            _endings[job] = end;
    }

    private long? EndOf(PartitionJob job) => _endings.TryGetValue(job.Definition.Name, out var end) ? end : (_endings[job.Definition.Name] = null);

    /// <summary>Behind the last record there may lie a transaction's end, which no job sees.</summary>
    private static bool HasTaken(PartitionJob job, long? end, long reached, long? done) =>
        job.Position >= end || (job.Position >= reached && done >= end);

    private void TakeBack(PartitionJob job, KeptJob kept, long position)
    {
        var name = job.Definition.Name;
        if (kept.Shape is not null && kept.Shape != job.Definition.StateShape)
        {
            // Read as if it fitted, it would give wrong results or none; written over, it would be lost.
            SayUnfit(name);
            LogUnfit(name, topic, partition, kept.Shape, job.Definition.StateShape);
            return;
        }

        // Another incarnation's offsets mean nothing here, but what was counted stays counted.
        (job.Position, job.MaxTimestamp, job.IsDrained) = (position, kept.Position.MaxTimestamp, kept.Position.IsDrained);
        job.Resume(kept.Position.Records, kept.Position.Late);
        try
        {
            job.Restore(kept.State);
        }
        catch (Exception e)
        {
            SayUnfit(name);
            LogUnreadable(e, name, topic, partition);
        }
    }

    private void SayUnfit(string job)
    {
        _unfit.Add(job);
        JobMetrics.Show(topic, partition, job, long.MinValue, isUnfit: true);
    }

    [LoggerMessage(4005, LogLevel.Error, "Job {Job} takes nothing of {Topic}/{Partition}: what it kept does not fit it. Kept: {Kept}. Now: {Now}. Restore a savepoint that fits, run the version that wrote it, or give the job another name")]
    private partial void LogUnfit(string job, string topic, int partition, string kept, string now);

    [LoggerMessage(4006, LogLevel.Error, "Job {Job} takes nothing of {Topic}/{Partition}: what it kept cannot be read. Run the version that wrote it, restore a savepoint, or give the job another name")]
    private partial void LogUnreadable(Exception exception, string job, string topic, int partition);
}

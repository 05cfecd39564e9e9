using Microsoft.Extensions.Logging;
using StreamJobs.Checkpoints;
using StreamJobs.Engine;

namespace StreamJobs.Running;

/// <summary>
/// The jobs of a partition, and which of them take records: not those that are drained, that an operator has paused, stopped or cancelled, that what they kept does not fit, or that have
/// more keys than they may.
/// </summary>
internal sealed partial class JobRoster(string topic, int partition, long maxKeys, ILogger logger)
{
    private readonly List<PartitionJob> _jobs = [];
    private readonly Dictionary<string, long?> _endings = new(StringComparer.Ordinal);
    private readonly HashSet<string> _paused = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unfit = new(StringComparer.Ordinal);
    private readonly HashSet<string> _away = new(StringComparer.Ordinal);
    private readonly HashSet<string> _full = new(StringComparer.Ordinal);
    private readonly ILogger _logger = logger;

    public IReadOnlyList<PartitionJob> All => _jobs;

    /// <summary>Those that take records.</summary>
    public IEnumerable<PartitionJob> Active => _jobs.Where(IsActive);

    /// <summary>Those that look at the clock: it may close windows of a job that has too many keys.</summary>
    public IEnumerable<PartitionJob> Clocked => _jobs.Where(j => IsActive(j) || (_full.Contains(j.Definition.Name) && !_paused.Contains(j.Definition.Name) && IsPresent(j)));

    /// <summary>Those whose state is here, and may be written: of the others it would be lost.</summary>
    public IEnumerable<PartitionJob> Present => _jobs.Where(IsPresent);

    public IReadOnlyCollection<string> Unfit => _unfit;

    /// <summary>Those that have more keys than they may.</summary>
    public IReadOnlyCollection<string> Full => _full;

    public void Add(PartitionJob job) => _jobs.Add(job);

    public bool IsActive(PartitionJob job) => !job.IsDrained && !_paused.Contains(job.Definition.Name) && !_full.Contains(job.Definition.Name) && IsPresent(job);

    /// <summary>A job by its name; null when there is none, it is stopped or cancelled, or what it kept does not fit it.</summary>
    public PartitionJob? Find(string name) => Present.FirstOrDefault(j => j.Definition.Name == name);

    /// <summary>Takes back what jobs have kept.</summary>
    /// <param name="kept">By job.</param>
    /// <param name="away">Jobs that are stopped or cancelled. When they are started, the partition is taken over anew.</param>
    /// <param name="incarnation">The topic's incarnation.</param>
    /// <param name="startOffset">Where jobs begin that have no position in it.</param>
    /// <returns>Whether one of them has kept nothing yet.</returns>
    public bool TakeBack(IReadOnlyDictionary<string, KeptJob> kept, IReadOnlySet<string> away, string incarnation, long startOffset)
    {
        _away.UnionWith(away);
        var isAnyNew = false;
        foreach (var job in _jobs.Where(IsPresent))
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
            if (state is JobState.Paused or JobState.Stopped or JobState.Cancelled)
                _paused.Add(job.Definition.Name);
            else
                isResumed |= _paused.Remove(job.Definition.Name) && IsActive(job);
            if (state != JobState.Draining)
                _endings.Remove(job.Definition.Name);
            else if (!job.IsDrained && IsPresent(job) && !_full.Contains(job.Definition.Name) && HasTaken(job, EndOf(job), reached, done))
            {
                job.Drain();
                isDrained = true;
            }
        }

        return (isResumed, isDrained);
    }

    /// <summary>Has jobs take nothing more that have too many keys.</summary>
    public void HoldFull()
    {
        foreach (var job in _jobs.Where(j => IsPresent(j) && j.Size > maxKeys))
        {
            if (!_full.Add(job.Definition.Name))
                continue;
            LogFull(job.Definition.Name, topic, partition, job.Size, maxKeys);
            JobMetrics.Show(topic, partition, job.Definition.Name, job.Watermark, isFull: true);
        }
    }

    /// <summary>Lets jobs go on that had too many keys and have half as many as they may, because the clock has closed windows.</summary>
    /// <returns>Whether there was one.</returns>
    public bool LetGoOn() => _full.RemoveWhere(name => _jobs.First(j => j.Definition.Name == name).Size <= maxKeys / 2) > 0;

    /// <summary>Jobs whose input ends, and that have to be told where: at the end of the log, by a look at it that begins after they are named here.</summary>
    public IReadOnlyList<string> WantLogEnd => [.. _endings.Where(e => e.Value is null).Select(e => e.Key)];

    /// <summary>Tells jobs where the log ends.</summary>
    public void EndAt(IEnumerable<string> jobs, long end)
    {
        foreach (var job in jobs.Intersect(WantLogEnd))
            _endings[job] = end;
    }

    private bool IsPresent(PartitionJob job) => !_unfit.Contains(job.Definition.Name) && !_away.Contains(job.Definition.Name);

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
        (job.Position, job.IsDrained) = (position, kept.Position.IsDrained);
        job.TakeBackTime(kept.Position.MaxTimestamp, kept.Position.Watermark, kept.Position.FinalUpTo);
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

    [LoggerMessage(4009, LogLevel.Error, "Job {Job} takes no more of {Topic}/{Partition}: it has {Keys} keys (a join: records; by counting windows: all that ever came) in open windows, more than Jobs:MaxKeys ({MaxKeys}). Nothing is lost. Raise the limit if there is memory for it, or change the job to shorter windows or fewer keys, cancel it and start it; the other jobs go on")]
    private partial void LogFull(string job, string topic, int partition, long keys, long maxKeys);

    [LoggerMessage(4006, LogLevel.Error, "Job {Job} takes nothing of {Topic}/{Partition}: what it kept cannot be read. Run the version that wrote it, restore a savepoint, or give the job another name")]
    private partial void LogUnreadable(Exception exception, string job, string topic, int partition);
}

using EventPlatform.Jobs;
using StreamJobs;
using StreamJobs.Checkpoints;
using StreamJobs.Running;

namespace EventPlatform.AspNetCore.Jobs;

/// <summary>Puts together what is declared of jobs and what their checkpoints say.</summary>
internal sealed class JobStatuses(JobDirectory jobs, JobCatalog catalog, TimeProvider time)
{
    public async Task<IReadOnlyList<JobView>> ListAsync(CancellationToken cancellationToken)
    {
        if (!jobs.All.Any())
            return []; // an application without jobs has no tables of theirs
        var controls = await catalog.ControlsAsync(cancellationToken);
        var partitions = (await catalog.PartitionsAsync(null, cancellationToken)).ToLookup(p => p.Job);
        var merged = await catalog.MergedToEndAsync(cancellationToken);
        return [.. jobs.All.Select(j => View(j, controls.GetValueOrDefault(j.Name, JobState.Running), [.. partitions[j.Name]], merged))];
    }

    public async Task<JobDetail?> GetAsync(string name, CancellationToken cancellationToken)
    {
        if (jobs.Find(name) is not { } job)
            return null;
        var controls = await catalog.ControlsAsync(cancellationToken);
        var partitions = await catalog.PartitionsAsync(name, cancellationToken);
        var merged = await catalog.MergedToEndAsync(cancellationToken);
        return new(View(job, controls.GetValueOrDefault(name, JobState.Running), partitions, merged), [.. partitions.Select(Partition)],
            job.IsInLake ? await catalog.LakeAsync(name, cancellationToken) : null);
    }

    private JobView View(Job job, JobState wanted, IReadOnlyList<JobPartitionStatus> partitions, IReadOnlySet<string> merged)
    {
        var unfit = partitions.FirstOrDefault(p => p.IsUnfit || (p.Shape is not null && p.Shape != job.StateShape));
        var full = partitions.FirstOrDefault(p => p.IsFull);
        var state = wanted switch
        {
            JobState.Stopped or JobState.Cancelled => wanted.ToString().ToLowerInvariant(),
            _ when unfit is not null => "unfit",
            JobState.Running or JobState.Draining when full is not null => "full",
            JobState.Draining when partitions.Count > 0 && partitions.All(p => p.IsDrained) && (!job.IsMerged || merged.Contains(job.Name)) => "drained",
            _ when partitions.Count == 0 && wanted == JobState.Running => "starting",
            _ => wanted.ToString().ToLowerInvariant(),
        };
        var watermark = partitions.Count > 0 && partitions.All(p => p.Watermark is not null) ? partitions.Min(p => p.Watermark) : null;
        var moving = watermark == DateTimeOffset.MaxValue ? null : watermark;
        return new(
            job.Name, job.Topic, state, job.Window.ToString(), job.IsMerged, moving,
            moving is { } at ? Math.Max(0, (time.GetUtcNow() - at).TotalSeconds) : null,
            partitions.Sum(p => p.Records), partitions.Sum(p => p.Late), partitions.Sum(p => p.Keys), partitions.Sum(p => p.StateBytes),
            [.. job.ResultTopics],
            state switch { "unfit" => Problem(unfit!, job), "full" => TooManyKeys(full!), _ => null });
    }

    private static string Problem(JobPartitionStatus unfit, Job job)
    {
        var why = unfit.Shape is null || unfit.Shape == job.StateShape
            ? "What it kept cannot be read (the silo's log, event id 4006, says why)"
            : $"What it kept does not fit it (kept: {unfit.Shape}; now: {job.StateShape})";
        return $"{why}, so it takes no records. Restore a savepoint that fits, run the version that wrote it, or give the job another name.";
    }

    private static string TooManyKeys(JobPartitionStatus full) =>
        $"It has more in open windows on partition {full.Partition} than Jobs:MaxKeys allows ({full.Keys} keys; of a join, their records are counted), so it takes no records there. Raise the limit if there is memory for it, or change the job to shorter windows or fewer keys, cancel it and start it.";

    private static JobPartitionView Partition(JobPartitionStatus p) => new(
        p.Partition, p.NextOffset, p.Watermark == DateTimeOffset.MaxValue ? null : p.Watermark, p.IsDrained, p.IsIdle, p.Records, p.Late, p.Keys, p.StateBytes, p.ChangedAt);
}

/// <summary>A job.</summary>
/// <param name="Job">Its name.</param>
/// <param name="Topic">The topic that it reads.</param>
/// <param name="State">starting, running, paused, draining, drained, stopped, cancelled, unfit (what it kept does not fit it), or full (it has more keys than it may).</param>
/// <param name="Window">How records are grouped in time.</param>
/// <param name="Merged">Whether partitions' parts are merged.</param>
/// <param name="Watermark">Everything before this time was seen, on every partition; absent before the first record and after the end.</param>
/// <param name="WatermarkDelay">How far that is behind the clock, in seconds.</param>
/// <param name="Records">Records taken.</param>
/// <param name="Late">Records that were late, or too far ahead.</param>
/// <param name="Keys">Keys in open windows.</param>
/// <param name="StateBytes">Bytes of state.</param>
/// <param name="Topics">The topics that results go to.</param>
/// <param name="Problem">Why it takes no records, and what to do; absent when all is well.</param>
public sealed record JobView(
    string Job, string Topic, string State, string Window, bool Merged, DateTimeOffset? Watermark, double? WatermarkDelay, long Records, long Late, long Keys,
    long StateBytes, IReadOnlyList<string> Topics, string? Problem);

/// <summary>A job on a partition, as of its last checkpoint.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="NextOffset">The next offset to take.</param>
/// <param name="Watermark">Everything before this time was seen.</param>
/// <param name="Drained">Whether the input has ended.</param>
/// <param name="Idle">Whether nothing comes.</param>
/// <param name="Records">Records taken.</param>
/// <param name="Late">Records set aside.</param>
/// <param name="Keys">Keys in open windows.</param>
/// <param name="StateBytes">Bytes of state.</param>
/// <param name="At">When the checkpoint was written.</param>
public sealed record JobPartitionView(
    int Partition, long NextOffset, DateTimeOffset? Watermark, bool Drained, bool Idle, long Records, long Late, long Keys, long StateBytes, DateTimeOffset At);

/// <summary>A job and its partitions.</summary>
/// <param name="Summary">The job.</param>
/// <param name="Partitions">Its partitions.</param>
/// <param name="Lake">Its Parquet files; absent when it has none.</param>
public sealed record JobDetail(JobView Summary, IReadOnlyList<JobPartitionView> Partitions, LakeStatus? Lake);

using StreamJobs.Checkpoints;
using StreamJobs.Engine;
using StreamJobs.Sinks;
using StreamJobs.State;

namespace StreamJobs.Running;

/// <summary>What a checkpoint keeps of a partition's jobs. It is taken out of them: whatever comes after it builds on it.</summary>
/// <param name="Jobs">What each keeps.</param>
/// <param name="Outbox">What goes to topics, by topic.</param>
/// <param name="Faults">Records that could not be used.</param>
internal sealed record CheckpointContents(IReadOnlyList<JobCheckpoint> Jobs, IReadOnlyList<(string Topic, byte[] Data)> Outbox, IReadOnlyList<JobFault> Faults)
{
    /// <summary>Exceptions of one job that a checkpoint lists; the dead letters have them all.</summary>
    private const int MaxExceptions = 100;

    /// <summary>Takes what has changed.</summary>
    /// <param name="jobs">The jobs to keep.</param>
    /// <param name="aside">Records set aside.</param>
    /// <param name="isIdle">Whether a job takes records, and none come.</param>
    public static CheckpointContents Take(IReadOnlyList<PartitionJob> jobs, RecordsAside aside, Func<PartitionJob, bool> isIdle)
    {
        var kept = jobs.Select(j => Take(j, aside, isIdle(j))).ToList();
        var (faults, late) = aside.Take();
        var outbox = jobs.SelectMany(j => j.Output.Records).GroupBy(r => r.Topic, StringComparer.Ordinal)
            .Select(g => (Topic: g.Key, Data: OutboxRecords.Write(g)))
            .Concat(late)
            .GroupBy(t => t.Topic, StringComparer.Ordinal).Select(g => (g.Key, g.SelectMany(t => t.Data).ToArray())).ToList();
        foreach (var job in jobs)
            job.Output.Clear();
        return new(kept, outbox, faults);
    }

    private static JobCheckpoint Take(PartitionJob job, RecordsAside aside, bool isIdle)
    {
        var name = job.Definition.Name;
        var changes = new List<StateBlob>();
        job.TakeChanges(changes);
        var (records, late) = job.TakeCounts();
        JobMetrics.Taken(name, records, late, aside.FaultsOf(name).Count() + job.Output.Failures.Count, Math.Max(job.Output.Results.Count, job.Output.Records.Count));
        return new()
        {
            Job = name,
            Shape = job.Definition.StateShape,
            Position = new(job.Position, job.MaxTimestamp, job.Watermark, job.FinalUpTo, job.IsDrained, isIdle, job.Records, job.LateRecords, job.Keys),
            Changes = changes,
            Results = [.. job.Output.Results],
            Parts = [.. job.Output.Partials],
            Exceptions = [.. aside.FaultsOf(name).Select(f => ((long?)f.Offset, f.Error.ToString()))
                .Concat(job.Output.Failures.Select(e => ((long?)null, e.ToString()))).Take(MaxExceptions)],
        };
    }
}

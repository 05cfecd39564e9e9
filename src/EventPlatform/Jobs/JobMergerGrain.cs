using StreamJobs.Checkpoints;
using StreamJobs.Running;

namespace EventPlatform.Jobs;

/// <summary>Merges the partitions' parts of one job; the key is the job's name. One activation in the cluster, on whichever silo it lands.</summary>
internal sealed class JobMergerGrain(JobDirectory jobs, JobServices services, JobCatalog catalog) : Grain, IJobMergerGrain
{
    private JobMerger? _merger;
    private long? _lookedAt;
    private bool _isAway;

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_merger is { } merger)
            await merger.DisposeAsync();
        await base.OnDeactivateAsync(reason, cancellationToken);
    }

    public async Task NudgeAsync()
    {
        if (Partitions is not { } partitions)
            return; // nothing of the topic is read yet, so nothing is there to merge; the provider says why
        if (await IsAwayAsync())
        {
            DeactivateOnIdle();
            return;
        }

        var merger = await OpenAsync();
        try
        {
            await merger.RunAsync(partitions, CancellationToken.None);
        }
        catch
        {
            // What was merged in memory but not kept must not be built upon: the next call takes over what is kept. The caller says what happened.
            _merger = null;
            await merger.DisposeAsync();
            throw;
        }

        if (merger.IsFenced)
            DeactivateOnIdle();
    }

    public async Task<List<OpenWindowRow>> OpenResultsAsync(OpenWindowsQuery query)
    {
        if (Partitions is not { } partitions || await IsAwayAsync())
            return [];
        var merger = await OpenAsync();
        var job = jobs.Get(this.GetPrimaryKeyString());
        var slices = await Task.WhenAll(Enumerable.Range(0, partitions).Select(p =>
            GrainFactory.GetGrain<IJobPartitionGrain>(JobStreams.Key(job.Topic, p)).OpenSlicesAsync(job.Name)));
        return [.. merger.OpenResults(slices.SelectMany(s => s).Select(s => (s.Partition, s.Slice, s.Data)), query.ToQuery()).Select(r => new OpenWindowRow(r.Key, r.StartMs, r.EndMs, r.Json))];
    }

    /// <summary>A job that is stopped or cancelled is not in memory. Looked up once a second: nudges come far more often.</summary>
    private async Task<bool> IsAwayAsync()
    {
        if (_lookedAt is not { } at || services.Time.GetElapsedTime(at) >= TimeSpan.FromSeconds(1))
        {
            _isAway = (await catalog.ControlsAsync()).GetValueOrDefault(this.GetPrimaryKeyString()) is JobState.Stopped or JobState.Cancelled;
            _lookedAt = services.Time.GetTimestamp();
        }

        return _isAway;
    }

    private async Task<JobMerger> OpenAsync()
    {
        if (_merger is { IsFenced: false } open)
            return open;
        var job = jobs.Get(this.GetPrimaryKeyString());
        await jobs.PrepareAsync(job, CancellationToken.None);
        var merger = new JobMerger(job, services);
        try
        {
            await merger.OpenAsync(CancellationToken.None);
        }
        catch
        {
            await merger.DisposeAsync();
            throw;
        }

        return _merger = merger;
    }

    /// <summary>How many partitions the topic has; null while that is not known.</summary>
    private int? Partitions => services.PartitionsOf(jobs.Get(this.GetPrimaryKeyString()).Topic);
}

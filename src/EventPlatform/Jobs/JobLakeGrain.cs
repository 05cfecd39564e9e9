using StreamJobs.Lake;
using StreamJobs.Running;

namespace EventPlatform.Jobs;

/// <summary>Writes the lake of one job; the key is the job's name. One activation in the cluster, on whichever silo it lands.</summary>
internal sealed class JobLakeGrain(JobDirectory jobs, JobServices services) : Grain, IJobLakeGrain
{
    private LakeWriter? _writer;

    public async Task NudgeAsync()
    {
        var job = jobs.Get(this.GetPrimaryKeyString());
        try
        {
            // Away from the grain's scheduler: a file may take a while, and blocks while it is written.
            await Task.Run(async () =>
            {
                if (_writer is null)
                {
                    var writer = new LakeWriter(job, services);
                    await writer.OpenAsync(CancellationToken.None);
                    _writer = writer;
                }

                await _writer.RunAsync(CancellationToken.None);
            });
        }
        catch
        {
            // It may be unknown what was written down: the next call takes over what was. The caller says what happened.
            _writer = null;
            throw;
        }

        if (_writer is { IsFenced: true })
            DeactivateOnIdle();
    }
}

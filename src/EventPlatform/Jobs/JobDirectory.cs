using StreamJobs;
using StreamJobs.Running;

namespace EventPlatform.Jobs;

/// <summary>The jobs that the application declared.</summary>
/// <param name="jobs">The jobs.</param>
/// <param name="encoder">Writes their results.</param>
public sealed class JobDirectory(IEnumerable<Job> jobs, IJobRecordEncoder encoder)
{
    private readonly Dictionary<string, Job> _jobs = jobs.ToDictionary(j => j.Name, StringComparer.Ordinal);

    /// <summary>Every job, by name.</summary>
    public IEnumerable<Job> All => _jobs.Values.OrderBy(j => j.Name, StringComparer.Ordinal);

    /// <summary>A job by its name, or null.</summary>
    public Job? Find(string name) => _jobs.GetValueOrDefault(name);

    internal IEnumerable<Job> Of(string topic) => All.Where(j => j.Topic == topic);

    internal Job Get(string name) => Find(name) ?? throw new InvalidOperationException($"There is no job '{name}'; a former version of the application had one.");

    /// <summary>Makes ready for a job's results.</summary>
    internal async Task PrepareAsync(Job job, CancellationToken cancellationToken)
    {
        foreach (var (topic, type) in job.ResultRecords)
            await encoder.PrepareAsync(topic, type, cancellationToken);
    }
}

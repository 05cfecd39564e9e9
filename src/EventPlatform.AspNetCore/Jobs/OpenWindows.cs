using EventPlatform.AspNetCore.Cluster;
using EventPlatform.Jobs;
using StreamJobs;
using StreamJobs.Checkpoints;

namespace EventPlatform.AspNetCore.Jobs;

/// <summary>Asks the cluster for windows that are still open: no checkpoint holds their results.</summary>
internal sealed class OpenWindows(ClusterGrains grains, JobCatalog catalog)
{
    /// <summary>At most so many, by their windows' ends, then by key and start.</summary>
    public async Task<IReadOnlyList<OpenWindowRow>> ReadAsync(Job job, ResultQuery filter, ResultPlace? after, int limit, CancellationToken cancellationToken)
    {
        var query = new OpenWindowsQuery(
            filter.Key, filter.From?.ToUnixTimeMilliseconds(), filter.To?.ToUnixTimeMilliseconds(), after?.EndMs, after?.Key, after?.StartMs, limit);
        if (job.IsMerged)
            return await grains.Grain<IJobMergerGrain>(job.Name).OpenResultsAsync(query).WaitAsync(cancellationToken);
        var partitions = await catalog.PartitionsAsync(job.Name, cancellationToken);
        var rows = await Task.WhenAll(partitions.Select(p =>
            grains.Grain<IJobPartitionGrain>($"{job.Topic}/{p.Partition}").OpenResultsAsync(job.Name, query).WaitAsync(cancellationToken)));
        return [.. rows.SelectMany(r => r).OrderBy(r => r.EndMs).ThenBy(r => r.Key, StringComparer.Ordinal).ThenBy(r => r.StartMs).Take(limit)];
    }
}

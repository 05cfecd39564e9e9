using EventPlatform.AspNetCore.Cluster;
using EventPlatform.Jobs;
using StreamJobs;
using StreamJobs.Checkpoints;

namespace EventPlatform.AspNetCore.Jobs;

/// <summary>Asks the cluster for windows that are still open: no checkpoint holds their results.</summary>
internal sealed class OpenWindows(ClusterGrains grains, JobCatalog catalog)
{
    public async Task<IReadOnlyList<OpenWindowRow>> ReadAsync(Job job, ResultsQuery query, DateTimeOffset? from, DateTimeOffset? to, CancellationToken cancellationToken)
    {
        IEnumerable<OpenWindowRow> rows = job.IsMerged
            ? await grains.Grain<IJobMergerGrain>(job.Name).OpenResultsAsync().WaitAsync(cancellationToken)
            : await OfPartitionsAsync(job, cancellationToken);
        return [.. rows
            .Where(r => (query.Key is null || r.Key == query.Key) && !(r.StartMs < from?.ToUnixTimeMilliseconds()) && !(r.StartMs >= to?.ToUnixTimeMilliseconds()))
            .OrderBy(r => r.EndMs).ThenBy(r => r.Key, StringComparer.Ordinal).ThenBy(r => r.StartMs)];
    }

    private async Task<IEnumerable<OpenWindowRow>> OfPartitionsAsync(Job job, CancellationToken cancellationToken)
    {
        var partitions = await catalog.PartitionsAsync(job.Name, cancellationToken);
        var rows = await Task.WhenAll(partitions.Select(p =>
            grains.Grain<IJobPartitionGrain>($"{job.Topic}/{p.Partition}").OpenResultsAsync(job.Name).WaitAsync(cancellationToken)));
        return rows.SelectMany(r => r);
    }
}

using EventPlatform.AspNetCore.Cluster;
using EventPlatform.AspNetCore.Http;
using EventPlatform.Jobs;
using EventPlatform.Topics;
using EventStore.Checkpoints;
using StreamJobs.Checkpoints;

namespace EventPlatform.AspNetCore.Jobs;

/// <summary>How far jobs have taken their topics: what silos say, which is up to a checkpoint's interval ahead of what is kept.</summary>
internal sealed class JobPositions(JobDirectory jobs, JobCatalog catalog, PlatformTopics topics, ClusterGrains grains)
{
    public const string Prefix = "job/";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>As consumers of the topics, named <c>job/NAME</c>. While the cluster is away, by the checkpoints.</summary>
    public async Task<IReadOnlyList<CheckpointInfo>> ListAsync(CancellationToken cancellationToken)
    {
        if (!jobs.All.Any())
            return []; // an application without jobs has no tables of theirs
        var kept = (await catalog.PositionsAsync(cancellationToken))
            .Where(p => jobs.Find(p.Job) is { } job && (p.Shape is null || p.Shape == job.StateShape)).ToArray(); // one whose state does not fit takes nothing
        var taken = await TakenAsync(kept.Select(p => (jobs.Find(p.Job)!.Topic, p.Partition)).Distinct(), cancellationToken);
        return [.. kept.Select(p => new CheckpointInfo(
            Prefix + p.Job, topics.BrokerNameOf(jobs.Find(p.Job)!.Topic), p.Incarnation, p.Partition, 0,
            Math.Max(p.NextOffset, taken.GetValueOrDefault((p.Job, p.Partition))), p.ChangedAt))];
    }

    private async Task<Dictionary<(string Job, int Partition), long>> TakenAsync(IEnumerable<(string Topic, int Partition)> partitions, CancellationToken cancellationToken)
    {
        var asked = await Task.WhenAll(partitions.Select(async p => (p.Partition, Positions: await AskAsync(p.Topic, p.Partition, cancellationToken))));
        return asked.SelectMany(a => a.Positions.Select(p => (Place: (p.Key, a.Partition), p.Value))).ToDictionary(p => p.Place, p => p.Value);
    }

    private async Task<Dictionary<string, long>> AskAsync(string topic, int partition, CancellationToken cancellationToken)
    {
        try
        {
            // A silo that stands still is noticed after seconds: the lag of the others must not wait for it.
            return await grains.Grain<IJobPartitionGrain>($"{topic}/{partition}").PositionsAsync().WaitAsync(Patience, cancellationToken);
        }
        catch (Exception e) when (e is ClusterUnavailableException or OrleansException or TimeoutException)
        {
            return []; // the checkpoint is there still, and health says that the cluster is away
        }
    }
}

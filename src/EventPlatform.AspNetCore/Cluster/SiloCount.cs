using EventPlatform.AspNetCore.Http;

namespace EventPlatform.AspNetCore.Cluster;

/// <summary>How many silos the cluster has, asked at most once in two seconds.</summary>
internal sealed class SiloCount(ClusterGrains grains, ClusterConnection connection, TimeProvider time)
{
    private readonly Shared<int> _count = new(grains.CountSilosAsync, TimeSpan.FromSeconds(2), connection.Timeout, time);

    /// <exception cref="ClusterUnavailableException">The cluster is away.</exception>
    public Task<int> GetAsync(CancellationToken cancellationToken) => _count.GetAsync(cancellationToken);
}

namespace EventPlatform.AspNetCore.Cluster;

/// <summary>The grains that the API asks. Refuses at once while the cluster is away.</summary>
internal sealed class ClusterGrains(ClusterConnection connection, IClusterClient client)
{
    public T Grain<T>(string key)
        where T : IGrainWithStringKey
    {
        connection.ThrowIfAway();
        return client.GetGrain<T>(key);
    }

    /// <summary>The number of silos that are part of the cluster now.</summary>
    public async Task<int> CountSilosAsync(CancellationToken cancellationToken)
    {
        connection.ThrowIfAway();
        var hosts = await client.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true, cancellationToken).WaitAsync(connection.Timeout, cancellationToken);
        return hosts.Count;
    }
}

using EventPlatform.Hosting;

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

    /// <summary>What the silos do not read of their topics and partitions, and why.</summary>
    public async Task<IReadOnlyList<string>> StreamTroublesAsync(CancellationToken cancellationToken)
    {
        connection.ThrowIfAway();
        var told = await client.GetGrain<IManagementGrain>(0).SendControlCommandToProvider<StreamTroubles>(StreamTroubles.Name, 0, null, cancellationToken).WaitAsync(connection.Timeout, cancellationToken);
        return [.. told.SelectMany(t => (string[])t!).Distinct().Order(StringComparer.Ordinal)]; // each silo knows every topic
    }

    /// <summary>The number of silos that are part of the cluster now.</summary>
    public async Task<int> CountSilosAsync(CancellationToken cancellationToken)
    {
        connection.ThrowIfAway();
        var hosts = await client.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true, cancellationToken).WaitAsync(connection.Timeout, cancellationToken);
        return hosts.Count;
    }
}

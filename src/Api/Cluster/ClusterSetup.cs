using EventPlatform.Clustering;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Dashboard;

namespace Api.Cluster;

/// <summary>The API as a client of the cluster; silos are found in Postgres.</summary>
internal static class ClusterSetup
{
    public static void AddCluster(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ClusterConnection>();
        builder.Services.AddSingleton<ClusterGrains>();
        builder.Services.AddSingleton<SiloCount>();
        builder.Services.AddSingleton<IClientConnectionRetryFilter>(services => services.GetRequiredService<ClusterConnection>());
        builder.Services.AddSingleton<ILifecycleParticipant<IClusterClientLifecycle>>(services => services.GetRequiredService<ClusterConnection>());
        builder.Services.AddOptions<ClientMessagingOptions>().Configure<IOptions<Hosting.ApiOptions>>(
            (messaging, api) => messaging.ResponseTimeout = api.Value.ClusterTimeout);

        builder.UseOrleansClient(client =>
        {
            client.UsePostgresClustering();
            client.AddGatewayCountChangedHandler(services =>
                (_, change) => services.GetRequiredService<ClusterConnection>().GatewayCountChanged(change.NumberOfConnectedGateways, change.PreviousNumberOfConnectedGateways));
            client.AddDashboard(dashboard => dashboard.HideTrace = true);
        });
        ConnectInBackground.Wrap(builder.Services);
        builder.Services.AddHostedService<Reconnection>();
    }
}

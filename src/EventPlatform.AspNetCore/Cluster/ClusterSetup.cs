using EventPlatform.AspNetCore.Hosting;
using EventPlatform.Clustering;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Dashboard;

namespace EventPlatform.AspNetCore.Cluster;

/// <summary>The API's way to the grains.</summary>
internal static class ClusterSetup
{
    public static void AddCluster(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ClusterConnection>();
        builder.Services.AddSingleton<ClusterGrains>();
        builder.Services.AddSingleton<SiloCount>();
    }

    /// <summary>As a client; silos are found in Postgres.</summary>
    public static void AddClusterClient(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IClientConnectionRetryFilter>(services => services.GetRequiredService<ClusterConnection>());
        builder.Services.AddSingleton<ILifecycleParticipant<IClusterClientLifecycle>>(services => services.GetRequiredService<ClusterConnection>());
        builder.Services.AddOptions<ClientMessagingOptions>().Configure<IOptions<ApiOptions>>(
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

    /// <summary>Through the silo of this process: it is there as long as the process is.</summary>
    public static void AddOwnSilo(this WebApplicationBuilder builder) =>
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<ClusterConnection>());
}

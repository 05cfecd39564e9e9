namespace Api.Cluster;

/// <summary>
/// Asks the cluster once a second while it is lost. Orleans' client connects to a silo only when it has something to send, and requests are
/// refused while none is connected: without this, a silo that is back stayed unseen until the client's manifest was due, up to a minute.
/// </summary>
internal sealed class Reconnection(ClusterConnection connection, IClusterClient client, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (connection.Lost)
                await AskAsync(stoppingToken);
        }
    }

    private async Task AskAsync(CancellationToken stoppingToken)
    {
        try
        {
            await client.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true, stoppingToken).WaitAsync(connection.Timeout, stoppingToken);
            connection.Reached();
        }
        catch (Exception)
        {
            // Not yet. That it is lost was said once, and it is asked again in a second.
        }
    }
}

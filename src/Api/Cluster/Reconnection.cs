namespace Api.Cluster;

/// <summary>
/// Asks the cluster every second or two while it is lost. Orleans' client connects to a silo only when it has something to send, and requests are
/// refused while none is connected: without this, a silo that is back stayed unseen until the client's manifest was due, up to a minute.
/// </summary>
internal sealed partial class Reconnection(ClusterConnection connection, IClusterClient client, TimeProvider time, ILogger<Reconnection> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (connection.Loss is { } loss)
                await AskAsync(loss, stoppingToken);
        }
    }

    private async Task AskAsync(int loss, CancellationToken stoppingToken)
    {
        try
        {
            await client.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true, stoppingToken).WaitAsync(Interval, time, stoppingToken);
            connection.Reached(loss);
        }
        catch (Exception e)
        {
            // Whatever it is, it is asked again; that the cluster is lost was said when it was.
            LogNotYet(e);
        }
    }

    [LoggerMessage(5115, LogLevel.Debug, "The cluster does not answer yet.")]
    private partial void LogNotYet(Exception exception);
}

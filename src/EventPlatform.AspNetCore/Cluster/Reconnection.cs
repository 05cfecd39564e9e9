namespace EventPlatform.AspNetCore.Cluster;

/// <summary>
/// Asks the cluster every second or two while it is lost. Orleans' client connects to a silo only when it has something to send, and requests are
/// refused while none is connected: without this, a silo that is back stayed unseen until the client's manifest was due, up to a minute.
/// </summary>
internal sealed partial class Reconnection(ClusterConnection connection, IClusterClient client, TimeProvider time, ILogger<Reconnection> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private int? _said;

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
            await ReachAsync(loss, stoppingToken).WaitAsync(Interval, time, stoppingToken); // an answer that comes later counts too
        }
        catch (Exception e)
        {
            // While the API stops, whatever it ends with is no fault.
            if (_said != loss && !stoppingToken.IsCancellationRequested)
                LogNotYet(e.Message);
            _said = loss;
        }
    }

    private async Task ReachAsync(int loss, CancellationToken stoppingToken)
    {
        await client.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true, stoppingToken);
        connection.Reached(loss);
    }

    [LoggerMessage(5115, LogLevel.Warning, "The cluster is asked every second or two until it answers (said once): {Reason}")]
    private partial void LogNotYet(string reason);
}

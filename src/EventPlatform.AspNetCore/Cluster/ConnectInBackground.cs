namespace EventPlatform.AspNetCore.Cluster;

/// <summary>
/// Starts the cluster client beside everything else: the API listens, and its health answers, while the cluster is still away. The
/// client itself tries until it is connected (see <see cref="ClusterConnection"/>).
/// </summary>
internal sealed partial class ConnectInBackground(IHostedService client, ILogger<ConnectInBackground> logger) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private CancellationToken _stop;
    private Task _connecting = Task.CompletedTask;

    /// <summary>Puts this around the cluster client, which Orleans registers as a hosted service like any other.</summary>
    public static void Wrap(IServiceCollection services)
    {
        foreach (var service in services.Where(s => s.ServiceType == typeof(IHostedService) && s.ImplementationFactory is not null).ToArray())
        {
            services[services.IndexOf(service)] = ServiceDescriptor.Singleton(provider => (IHostedService)service.ImplementationFactory!(provider) switch
            {
                IClusterClient client => new ConnectInBackground((IHostedService)client, provider.GetRequiredService<ILogger<ConnectInBackground>>()),
                var other => other,
            });
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _stop = _stopping.Token; // it outlives its source
        _connecting = Task.Run(ConnectAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _connecting;
        await client.StopAsync(cancellationToken);
    }

    /// <summary>Ends the attempts too: a host whose start failed is disposed of without having been stopped.</summary>
    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private async Task ConnectAsync()
    {
        try
        {
            await client.StartAsync(_stop);
        }
        catch (Exception e)
        {
            // An attempt that ends because the host stops may end with whatever it was failing with: that is no fault, and must not fail the stop.
            if (!_stop.IsCancellationRequested)
                LogFailed(e);
        }
    }

    [LoggerMessage(5114, LogLevel.Error, "The cluster client could not start; requests that need the cluster are answered with 503. Restart the API.")]
    private partial void LogFailed(Exception exception);
}

namespace Api.Cluster;

/// <summary>
/// Starts the cluster client beside everything else: the API listens, and its health answers, while the cluster is still away. The
/// client itself tries until it is connected (see <see cref="ClusterConnection"/>).
/// </summary>
internal sealed partial class ConnectInBackground(IHostedService client, ILogger<ConnectInBackground> logger) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
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
        _connecting = Task.Run(ConnectAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _connecting;
        await client.StopAsync(cancellationToken);
    }

    public void Dispose() => _stopping.Dispose();

    private async Task ConnectAsync()
    {
        try
        {
            await client.StartAsync(_stopping.Token);
        }
        catch (Exception e) when (!_stopping.IsCancellationRequested)
        {
            LogFailed(e);
        }
        catch (OperationCanceledException)
        {
            // The host stops before the cluster was there.
        }
    }

    [LoggerMessage(5114, LogLevel.Error, "The cluster client could not start; requests that need the cluster are answered with 503. Restart the API.")]
    private partial void LogFailed(Exception exception);
}

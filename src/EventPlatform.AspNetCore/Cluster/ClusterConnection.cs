using EventPlatform.AspNetCore.Hosting;
using EventPlatform.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace EventPlatform.AspNetCore.Cluster;

/// <summary>
/// The way to the grains. The client connects in the background for as long as it takes; until then, and while no silo is left, a request
/// is refused at once instead of waiting for one. A silo of this process is there as long as it runs.
/// </summary>
internal sealed partial class ClusterConnection(ILogger<ClusterConnection> logger, TimeProvider time, IOptions<ApiOptions> options)
    : ILifecycleParticipant<IClusterClientLifecycle>, ILifecycleParticipant<ISiloLifecycle>, IClientConnectionRetryFilter
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private volatile string? _away = "has not been reached yet";
    private readonly Lock _lock = new();
    private bool _waiting;
    private bool _connected;
    private int _losses;

    /// <summary>Why no grain can be asked, or null when one can.</summary>
    public string? Away => _away;

    /// <summary>Throws when no grain can be asked.</summary>
    /// <exception cref="ClusterUnavailableException">The cluster is away.</exception>
    public void ThrowIfAway()
    {
        if (_away is { } why)
            throw new ClusterUnavailableException($"The cluster {why}: is a silo running? Nothing was changed; ask again.");
    }

    /// <summary>The longest that a call may take.</summary>
    public TimeSpan Timeout => options.Value.ClusterTimeout;

    /// <summary>The number of the loss, when there was a connection and none is left.</summary>
    public int? Loss
    {
        get { lock (_lock) { return _connected && _away is not null ? _losses : null; } }
    }

    /// <summary>Orleans says so outside of its counting: two of these may come in the wrong order.</summary>
    public void GatewayCountChanged(int now, int before)
    {
        lock (_lock)
        {
            if (now == 0 && _connected)
            {
                (_away, _losses) = ("has no silo that answers", _losses + 1);
                LogLost();
            }
            else if (before == 0)
            {
                Regain();
            }
        }
    }

    /// <summary>A silo has answered who was asked because of a loss: requests are let through again, unless it has been lost again since.</summary>
    public void Reached(int loss)
    {
        lock (_lock)
        {
            if (loss == _losses)
                Regain();
        }
    }

    void ILifecycleParticipant<IClusterClientLifecycle>.Participate(IClusterClientLifecycle lifecycle) => Follow(lifecycle);

    void ILifecycleParticipant<ISiloLifecycle>.Participate(ISiloLifecycle lifecycle) => Follow(lifecycle);

    private void Follow(ILifecycleObservable lifecycle) =>
        lifecycle.Subscribe(nameof(ClusterConnection), ServiceLifecycleStage.Active, _ =>
        {
            lock (_lock)
                (_away, _waiting, _connected) = (null, false, true);
            LogReady();
            return Task.CompletedTask;
        }, _ =>
        {
            lock (_lock)
                (_away, _connected) = ("is not asked any more: the API stops", false);
            return Task.CompletedTask;
        });

    private void Regain()
    {
        if (!_connected || _away is null)
            return;
        _away = null;
        LogConnected();
    }

    async Task<bool> IClientConnectionRetryFilter.ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (!_waiting)
            LogWaiting(exception.Message);
        _waiting = true;
        await Task.Delay(RetryDelay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !cancellationToken.IsCancellationRequested;
    }

    [LoggerMessage(5110, LogLevel.Warning, "The cluster cannot be reached yet: {Error} Trying again until it can; requests that need it are answered with 503.")]
    private partial void LogWaiting(string error);

    [LoggerMessage(5111, LogLevel.Information, "Connected to the cluster.")]
    private partial void LogReady();

    [LoggerMessage(5112, LogLevel.Warning, "No silo of the cluster answers. Requests that need one are answered with 503 until one does.")]
    private partial void LogLost();

    [LoggerMessage(5113, LogLevel.Information, "The cluster answers again.")]
    private partial void LogConnected();
}

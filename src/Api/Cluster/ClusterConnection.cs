using Api.Http;
using Microsoft.Extensions.Options;

namespace Api.Cluster;

/// <summary>
/// The way to the grains. The client connects in the background for as long as it takes; until then, and while no silo is left, a request
/// is refused at once instead of waiting for one.
/// </summary>
internal sealed partial class ClusterConnection(ILogger<ClusterConnection> logger, TimeProvider time, IOptions<Hosting.ApiOptions> options)
    : ILifecycleParticipant<IClusterClientLifecycle>, IClientConnectionRetryFilter
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private volatile string? _away = "has not been reached yet";
    private bool _waiting;
    private volatile bool _connected;

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

    /// <summary>Whether there was a connection, and none is left.</summary>
    public bool Lost => _connected && _away is not null;

    public void GatewayCountChanged(int now, int before)
    {
        if (now == 0 && _connected)
        {
            _away = "has no silo that answers";
            LogLost();
        }
        else if (before == 0)
        {
            Reached();
        }
    }

    /// <summary>A silo is connected, or has answered: requests are let through again.</summary>
    public void Reached()
    {
        if (!Lost)
            return;
        _away = null;
        LogConnected();
    }

    void ILifecycleParticipant<IClusterClientLifecycle>.Participate(IClusterClientLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(ClusterConnection), ServiceLifecycleStage.Active, _ =>
        {
            (_away, _waiting, _connected) = (null, false, true);
            LogReady();
            return Task.CompletedTask;
        }, _ =>
        {
            (_away, _connected) = ("is not asked any more: the API stops", false);
            return Task.CompletedTask;
        });

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

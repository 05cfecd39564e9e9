using Microsoft.Extensions.Logging;

namespace EventStore.Hosting;

/// <summary>Whether Postgres answers, as the store's own work sees it. An outage is said once when it begins and once when it ends.</summary>
public sealed partial class StoreAvailability(TimeProvider time, ILogger<StoreAvailability> logger)
{
    private readonly Lock _lock = new();
    private Outage? _outage;

    /// <summary>The outage that is going on, or null while Postgres answers.</summary>
    public Outage? Current => Volatile.Read(ref _outage);

    internal void Failed(Exception error)
    {
        lock (_lock)
        {
            if (_outage is not null)
                return;
            _outage = new Outage(time.GetUtcNow(), error.Message);
            StoreMetrics.Outages.Add(1);
            if (TransientErrors.IsTransient(error))
                LogOutage(error.Message);
            else
                LogRefusal(error, error.Message);
        }
    }

    internal void Succeeded()
    {
        if (Volatile.Read(ref _outage) is null)
            return;
        lock (_lock)
        {
            if (_outage is not { } outage)
                return;
            _outage = null;
            LogRecovered((time.GetUtcNow() - outage.Since).TotalSeconds);
        }
    }

    [LoggerMessage(2000, LogLevel.Warning, "Postgres does not answer: {Error}. Nothing is lost: work waits and goes on when it answers again.")]
    private partial void LogOutage(string error);

    [LoggerMessage(2001, LogLevel.Information, "Postgres answers again after {Seconds:F1} s.")]
    private partial void LogRecovered(double seconds);

    [LoggerMessage(2002, LogLevel.Error, "Postgres answers, but refuses the store's work: {Error}. Nothing is lost: work waits. Check the database's schema, its permissions and the connection string.")]
    private partial void LogRefusal(Exception exception, string error);

    /// <summary>An outage.</summary>
    /// <param name="Since">When the first failure was seen.</param>
    /// <param name="Error">What the database or the network said.</param>
    public sealed record Outage(DateTimeOffset Since, string Error);
}

using Microsoft.Extensions.Options;

namespace EventPlatform.AspNetCore.Hosting;

/// <summary>
/// Ends a program that does not stop: a database that takes connections and answers nothing would hold it for minutes. Nothing is lost by it; what was under way is
/// presented again, as after a crash.
/// </summary>
internal sealed class StopLimit(string name) : IDisposable
{
    /// <summary>What closing connections and clients may take beyond the host's own limit.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private Timer? _timer;

    /// <summary>Begins to count when the program is told to stop.</summary>
    public void Watch(WebApplication app)
    {
        var limit = app.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout + Grace;
        app.Lifetime.ApplicationStopping.Register(() => _timer = new Timer(_ => End(limit), null, limit, Timeout.InfiniteTimeSpan));
    }

    public void Dispose() => _timer?.Dispose();

    private void End(TimeSpan limit)
    {
        Console.Error.WriteLine($"{name} did not stop within {limit.TotalSeconds} seconds: something that it needs does not answer. It ends now, and nothing is lost by that.");
        Environment.Exit(1);
    }
}

namespace AppHost.Processes;

/// <summary>Keeps a part running: one that ends is started again, soon at first, then ever later.</summary>
/// <param name="part">The part.</param>
/// <param name="time">The clock of the pauses.</param>
/// <param name="logger">Told of each end and start.</param>
/// <param name="changed">Called when the part's process has changed.</param>
public sealed partial class Supervisor(IPart part, TimeProvider time, ILogger logger, Action changed)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    // One that ran this long was well: its next end is a new story.
    private static readonly TimeSpan Stable = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _stop = new();
    private volatile TaskCompletionSource? _wake;
    private Task _watching = Task.CompletedTask;

    /// <summary>The part.</summary>
    public IPart Part => part;

    /// <summary>How often it was started again.</summary>
    public int Restarts { get; private set; }

    /// <summary>Starts the part and watches it.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await part.StartAsync(cancellationToken);
        Watch();
    }

    /// <summary>Watches a part that runs already.</summary>
    public void Watch()
    {
        changed();
        _watching = WatchAsync();
    }

    /// <summary>Ends a pause: a part that is gone is started now. True when it was gone.</summary>
    public bool BringBack() => _wake?.TrySetResult() ?? false;

    /// <summary>Stops the part for good.</summary>
    /// <returns>False when it took force.</returns>
    public async Task<bool> StopAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        return await part.StopAsync();
    }

    private async Task WatchAsync()
    {
        var pause = FirstPause;
        var started = time.GetTimestamp();
        try
        {
            while (true)
            {
                var code = await part.WaitForExitAsync(_stop.Token);
                if (time.GetElapsedTime(started) > Stable)
                    pause = FirstPause;
                LogEnded(part.Name, code, pause.TotalSeconds, part.LogFile);
                do
                {
                    await PauseAsync(pause);
                    pause = pause * 2 > LongestPause ? LongestPause : pause * 2;
                }
                while (!await TryStartAsync(pause));
                started = time.GetTimestamp();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    private async Task<bool> TryStartAsync(TimeSpan next)
    {
        try
        {
            await part.StartAsync(_stop.Token);
            Restarts++;
            TellChanged();
            LogStarted(part.Name, part.Pid);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever it is, a full disk or no more processes: it may pass, and nobody else would try again.
            LogNotStarted(part.Name, e.Message, next.TotalSeconds);
            return false;
        }
    }

    /// <summary>That the others cannot be told now must not end the watch: what follows a full disk is that parts end.</summary>
    private void TellChanged()
    {
        try
        {
            changed();
        }
        catch (Exception e)
        {
            LogNotTold(e, part.Name);
        }
    }

    private async Task PauseAsync(TimeSpan length)
    {
        var wake = _wake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        TellChanged();
        try
        {
            await wake.Task.WaitAsync(length, time, _stop.Token);
        }
        catch (TimeoutException)
        {
            // The pause is over.
        }
        finally
        {
            _wake = null;
        }
    }

    [LoggerMessage(6000, LogLevel.Warning, "{Part} ended with code {Code}; it is started again in {Seconds} s. Its log: {LogFile}")]
    private partial void LogEnded(string part, int code, double seconds, string logFile);

    [LoggerMessage(6001, LogLevel.Information, "{Part} runs again, as process {Pid}.")]
    private partial void LogStarted(string part, int? pid);

    [LoggerMessage(6003, LogLevel.Error, "{Part} ended or runs again, but endpoints.json cannot be written; what it says of processes is old")]
    private partial void LogNotTold(Exception error, string part);

    [LoggerMessage(6002, LogLevel.Error, "{Part} does not start; next try in {Seconds} s. {Reason}")]
    private partial void LogNotStarted(string part, string reason, double seconds);
}

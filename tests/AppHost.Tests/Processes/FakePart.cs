using AppHost.Processes;

namespace AppHost.Tests.Processes;

/// <summary>A part without a process, which ends when the test says so.</summary>
internal sealed class FakePart : IPart
{
    private TaskCompletionSource<int> _end = new();

    public int Starts { get; private set; }

    public int Stops { get; private set; }

    /// <summary>How many of the next starts fail.</summary>
    public int FailingStarts { get; set; }

    /// <summary>What a start fails with.</summary>
    public Exception StartError { get; set; } = new InvalidOperationException("not today");

    /// <summary>Whether somebody waits for its end.</summary>
    public bool Watched { get; private set; }

    public string Name => "fake";

    public int? Pid { get; private set; }

    public string LogFile => "fake.log";

    public void End()
    {
        Pid = null;
        _end.SetResult(1);
    }

    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (FailingStarts-- > 0)
            throw StartError;
        (_end, Watched, Pid) = (new(TaskCreationOptions.RunContinuationsAsynchronously), false, 1);
        Starts++;
        return Task.CompletedTask;
    }

    public Task<int> WaitForExitAsync(CancellationToken cancellationToken = default)
    {
        Watched = true;
        return _end.Task.WaitAsync(cancellationToken);
    }

    public Task<bool> StopAsync()
    {
        Stops++;
        return Task.FromResult(true);
    }
}

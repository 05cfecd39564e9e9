namespace AppHost.Processes;

/// <summary>A part of the system that is a process, started again and again under one name.</summary>
public interface IPart
{
    /// <summary>What the user calls it, e.g. <c>silo-1</c>.</summary>
    string Name { get; }

    /// <summary>Its process id, or null while it does not run.</summary>
    int? Pid { get; }

    /// <summary>Where its output goes.</summary>
    string LogFile { get; }

    /// <summary>Starts it.</summary>
    /// <exception cref="InvalidOperationException">It does not start; the message says why.</exception>
    Task StartAsync(CancellationToken cancellationToken = default);

    /// <summary>Completes when it has ended, with its exit code.</summary>
    Task<int> WaitForExitAsync(CancellationToken cancellationToken = default);

    /// <summary>Stops it cleanly, and by force when it has not ended after <see cref="OwnedProcess.StopPatience"/>.</summary>
    /// <returns>False when it took force.</returns>
    Task<bool> StopAsync();
}

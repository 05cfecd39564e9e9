namespace AppHost.Processes;

/// <summary>One of our own programs as a part of the system.</summary>
/// <param name="name">What the user calls it.</param>
/// <param name="command">The program and its arguments.</param>
/// <param name="logFile">Where its output is appended.</param>
/// <param name="environment">Variables added to ours.</param>
public sealed class ProgramPart(string name, IReadOnlyList<string> command, string logFile, IReadOnlyDictionary<string, string?> environment)
    : IPart
{
    private OwnedProcess? _process;

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public int? Pid => _process is { HasExited: false } process ? process.Pid : null;

    /// <inheritdoc/>
    public string LogFile => logFile;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken = default) =>
        _process = await OwnedProcess.StartAsync(name, command, logFile, environment);

    /// <inheritdoc/>
    public Task<int> WaitForExitAsync(CancellationToken cancellationToken = default) =>
        (_process ?? throw new InvalidOperationException($"{name} was not started.")).WaitForExitAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<bool> StopAsync() => _process?.StopAsync(OwnedProcess.StopPatience) ?? Task.FromResult(true);
}

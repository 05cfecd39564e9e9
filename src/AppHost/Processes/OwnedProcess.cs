using System.Diagnostics;
using System.Globalization;

namespace AppHost.Processes;

/// <summary>
/// A program that we started and that ends with us, however we end. A small shell stands between: it holds a pipe from us, and when the
/// pipe closes (even by kill -9) it stops the program, by force after 15 s. The program has a session of its own, so that Ctrl+C reaches us alone and things stop in order.
/// </summary>
public sealed class OwnedProcess : IAsyncDisposable
{
    private const string Guard = """
        exec 3<&0
        log=$1; signal=$2; shift 2
        "$@" 3<&- </dev/null >>"$log" 2>&1 &
        pid=$!
        echo $pid
        exec >/dev/null 2>&1
        (
          while read -r _ <&3; do :; done
          kill -"$signal" $pid
          kill -CONT $pid
          half=0
          while [ $half -lt 30 ] && kill -0 $pid; do sleep 0.5; half=$((half + 1)); done
          kill -9 $pid
        ) &
        watcher=$!
        exec 3<&-
        wait $pid; code=$?
        kill $watcher
        exit $code
        """;

    /// <summary>How long a part of the system may take to end: a silo finishes what it holds and says goodbye to the cluster. It gives up by itself after 40 seconds, and says why.</summary>
    public static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(45);

    private readonly Process _guard;
    private readonly int _stopSignal;

    private OwnedProcess(string name, Process guard, int pid, string logFile, int stopSignal) =>
        (Name, _guard, Pid, LogFile, _stopSignal) = (name, guard, pid, logFile, stopSignal);

    /// <summary>What the program is called in messages.</summary>
    public string Name { get; }

    /// <summary>The program's own process id.</summary>
    public int Pid { get; }

    /// <summary>Where its output goes.</summary>
    public string LogFile { get; }

    /// <summary>True once it has ended.</summary>
    public bool HasExited => _guard.HasExited;

    /// <summary>Completes when it has ended, with its exit code.</summary>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken = default)
    {
        await _guard.WaitForExitAsync(cancellationToken);
        return _guard.ExitCode;
    }

    /// <summary>Starts a program.</summary>
    /// <param name="name">What it is called in messages.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="logFile">Where its output is appended.</param>
    /// <param name="environment">Variables added to ours.</param>
    /// <param name="stopSignal">The signal that stops it cleanly.</param>
    /// <param name="workingDirectory">Its folder, or null for ours.</param>
    /// <exception cref="InvalidOperationException">It could not be started.</exception>
    public static async Task<OwnedProcess> StartAsync(
        string name, IReadOnlyList<string> command, string logFile, IReadOnlyDictionary<string, string?>? environment = null,
        PosixSignalNumber stopSignal = PosixSignalNumber.Term, string? workingDirectory = null)
    {
        var signal = ((int)stopSignal).ToString(CultureInfo.InvariantCulture);
        // Not sh, which may be dash: it passes no variable on whose name has a dot, such as Kafka__Client__security.protocol.
        var start = new ProcessStartInfo("setsid", ["bash", "-c", Guard, name, logFile, signal, .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = workingDirectory ?? "",
        };
        foreach (var (key, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[key] = value;
        var guard = Process.Start(start) ?? throw new InvalidOperationException($"{name} could not be started.");
        var line = await guard.StandardOutput.ReadLineAsync();
        return int.TryParse(line, CultureInfo.InvariantCulture, out var pid)
            ? new OwnedProcess(name, guard, pid, logFile, (int)stopSignal)
            : throw new InvalidOperationException($"{name} could not be started: {string.Join(' ', command)}");
    }

    /// <summary>Sends a signal, if the program still runs.</summary>
    public void Signal(PosixSignalNumber signal) => Signal((int)signal);

    /// <summary>Stops it cleanly, and after the time given by force. One that stands still (SIGSTOP) goes on, to end.</summary>
    /// <returns>False when it took force.</returns>
    public async Task<bool> StopAsync(TimeSpan patience)
    {
        if (HasExited)
            return true;
        Signal(_stopSignal);
        Signals.Wake(Pid);
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await _guard.WaitForExitAsync(limit.Token);
            return true;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            Signal(PosixSignalNumber.Kill);
            await _guard.WaitForExitAsync(CancellationToken.None);
            return false;
        }
    }

    /// <summary>Ends it at once, as a crash would.</summary>
    public async Task KillAsync()
    {
        Signal(PosixSignalNumber.Kill);
        await _guard.WaitForExitAsync();
    }

    /// <summary>The last lines of its output, for messages.</summary>
    public string LogTail(int lines = 15) => Processes.LogTail.Of(LogFile, lines);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.FromSeconds(10));
        _guard.Dispose();
    }

    private void Signal(int signal)
    {
        if (!HasExited)
            Signals.Send(Pid, (PosixSignalNumber)signal);
    }
}

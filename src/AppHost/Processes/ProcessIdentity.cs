using System.Diagnostics;
using System.Globalization;

namespace AppHost.Processes;

/// <summary>A process by id and start: an id that the system has given to a stranger since is never mistaken for ours.</summary>
public sealed record ProcessIdentity(int Pid, string Start)
{
    private static readonly string Boot = OperatingSystem.IsLinux() ? File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim() : "";

    /// <summary>Whether that very process still runs; one that has ended but was not yet collected by its parent does not.</summary>
    public bool IsAlive => Of(Pid) == this;

    /// <summary>The process that has this id now, or null.</summary>
    public static ProcessIdentity? Of(int pid) => OperatingSystem.IsLinux() ? FromProc(pid) : FromSystem(pid);

    /// <summary>Sends a signal to that very process; one that has ended is no error.</summary>
    public void Send(PosixSignalNumber signal)
    {
        if (IsAlive)
            Signals.Send(Pid, signal);
    }

    /// <summary>Asks it to end and waits, and ends it by force when it has not.</summary>
    public async Task EndAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken = default)
    {
        Send(PosixSignalNumber.Term);
        for (var start = time.GetTimestamp(); IsAlive; await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken))
        {
            if (time.GetElapsedTime(start) > patience)
                Send(PosixSignalNumber.Kill);
        }
    }

    private static ProcessIdentity? FromProc(int pid)
    {
        try
        {
            // "pid (name) state ppid ...": the name may hold spaces and brackets, so count from the last one. Start, in ticks since boot, is field 22.
            var stat = File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : new ProcessIdentity(pid, $"{Boot}:{fields[19]}");
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static ProcessIdentity? FromSystem(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return process.HasExited ? null : new ProcessIdentity(pid, process.StartTime.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture));
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}

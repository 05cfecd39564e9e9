using System.Globalization;
using System.Runtime.InteropServices;

namespace AppHost.Processes;

/// <summary>The signals that we send, by their numbers on Linux.</summary>
public enum PosixSignalNumber
{
    /// <summary>Interrupt: Postgres' fast shutdown.</summary>
    Int = 2,

    /// <summary>Quit: Postgres' immediate shutdown.</summary>
    Quit = 3,

    /// <summary>Kill: cannot be caught.</summary>
    Kill = 9,

    /// <summary>Terminate: the usual clean stop.</summary>
    Term = 15,

    /// <summary>Continue after a stop.</summary>
    Cont = 18,

    /// <summary>Stop where it is: a stalled process.</summary>
    Stop = 19,
}

internal static class Signals
{
    /// <summary>Sends a signal; a process that has ended since is no error.</summary>
    public static void Send(int pid, PosixSignalNumber signal) => _ = Kill(pid, (int)signal);

    /// <summary>Lets a process and all below it go on that stand still (SIGSTOP): one that does would neither end nor let others end who wait for it.</summary>
    public static void Wake(int pid)
    {
        Send(pid, PosixSignalNumber.Cont);
        foreach (var child in Children(pid))
            Wake(child);
    }

    private static IEnumerable<int> Children(int pid)
    {
        try
        {
            // Each thread lists those that it started.
            return [.. Directory.GetDirectories($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/task")
                .SelectMany(thread => File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Select(child => int.Parse(child, CultureInfo.InvariantCulture))];
        }
        catch (IOException)
        {
            return []; // it has ended, or this is no Linux
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}

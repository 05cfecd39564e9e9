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

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}

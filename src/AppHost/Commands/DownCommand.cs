using System.CommandLine;
using AppHost.Running;

namespace AppHost.Commands;

internal static class DownCommand
{
    private const string Stopped = "Stopped.";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static Command Create()
    {
        var data = DataOption.Create();
        var command = new Command("down", "Stops the running system.") { data };
        command.SetAction((parsed, stop) => RunAsync(Path.GetFullPath(parsed.GetValue(data)!), stop));
        return command;
    }

    private static async Task<int> RunAsync(string folder, CancellationToken stop)
    {
        var host = Endpoints.Read(folder)?.Host();
        if (host is not null)
        {
            using var said = HostLog.FromEnd(Path.Combine(folder, "logs", "apphost.log"));
            await host.EndAsync(Patience, TimeProvider.System, stop);
            // The last thing that a host in the background says is that it has stopped, which of one elsewhere, or killed, is said here.
            while (said is not null && await said.ReadLineAsync(stop) is { } line)
            {
                if (line != Stopped)
                    Console.WriteLine(line);
            }

            Console.WriteLine(Stopped);
        }

        // Killed by force, or dead before: what its guards may not have reached.
        var left = await DataFolder.EndLeftOversAsync(folder, TimeProvider.System, stop);
        if (left > 0)
            Console.WriteLine($"Ended {left} processes that a dead host had left.");
        if (host is not null || left > 0)
            return 0;
        if (DataFolder.IsTaken(folder))
            throw new InvalidOperationException($"A host is just starting or stopping on {folder}. Try again in a moment.");
        Console.WriteLine($"Nothing runs on {folder}.");
        return 0;
    }
}

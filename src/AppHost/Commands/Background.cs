using System.Diagnostics;
using AppHost.Running;

namespace AppHost.Commands;

/// <summary>Starts a host in the background and repeats what it says until it is ready.</summary>
internal static class Background
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public static async Task<int> StartAsync(UpOptions options, Narrator narrator, CancellationToken stop)
    {
        var log = options.Log("apphost");
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        await File.WriteAllTextAsync(log, "", stop);
        var given = Environment.GetCommandLineArgs();
        string[] arguments = [given[1], "--in-background", .. given[2..]];
        // Not sh: see OwnedProcess.
        var start = new ProcessStartInfo("setsid",
            ["bash", "-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", log, Programs.Dotnet, typeof(Background).Assembly.Location, .. arguments]);
        using var host = Process.Start(start) ?? throw new InvalidOperationException("The background host could not be started.");
        using var said = HostLog.FromBegin(log);
        try
        {
            while (true)
            {
                var ended = host.HasExited;
                var ready = Endpoints.Read(options.Data) is { Ready: true } endpoints && endpoints.ApphostPid == host.Id;
                while (await said.ReadLineAsync(stop) is { } line)
                    narrator.Say(line);
                if (ready)
                    return 0;
                if (ended)
                    return host.ExitCode == 0 ? 1 : host.ExitCode;
                await Task.Delay(Pause, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            if (Processes.ProcessIdentity.Of(host.Id) is { } identity)
                await identity.EndAsync(TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None);
            return 130;
        }
    }
}

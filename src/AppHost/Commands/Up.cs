using System.Net.Http.Json;
using AppHost.Control;
using AppHost.Running;
using Spectre.Console;

namespace AppHost.Commands;

/// <summary>The ways to come up: here until Ctrl+C, in the background, or beside a system that runs.</summary>
internal static class Up
{
    // Neither a failure nor what was asked for.
    private const int OtherOptions = 4;
    private static readonly TimeSpan BackPatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static async Task<int> RunAsync(UpOptions options, bool detach, bool inBackground, CancellationToken stop)
    {
        var narrator = new Narrator(AnsiConsole.Console, TimeProvider.System, isLog: inBackground);
        if (Endpoints.Read(options.Data)?.Host() is not null)
            return await JoinAsync(options, narrator, stop);
        // What a background host is given says --detach too: it must not start another one.
        return detach && !inBackground ? await Background.StartAsync(options, narrator, stop) : await StayAsync(options, narrator, stop);
    }

    private static async Task<int> StayAsync(UpOptions options, Narrator narrator, CancellationToken stop)
    {
        using var folder = await DataFolder.TryTakeAsync(options.Data, TimeProvider.System, stop);
        if (folder is null)
            throw new InvalidOperationException($"Another host is just starting or stopping on {options.Data}. Try again in a moment.");
        using var loggers = LoggerFactory.Create(logging => logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat, console.UseUtcTimestamp) = (true, Narrator.TimeFormat, true)));
        try
        {
            await using var host = new SystemHost(options, narrator, loggers, TimeProvider.System);
            try
            {
                await narrator.DuringAsync(async () => Summary.Print(await host.StartAsync(stop), narrator, options.Data, here: !Console.IsInputRedirected));
            }
            catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
            {
                // Said before what has started is stopped, which takes its time.
                await Console.Error.WriteLineAsync(e.Message);
                return 1;
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            narrator.Say("Stopped.");
        }

        return 0;
    }

    /// <summary>A system runs: what is gone of it comes back.</summary>
    private static async Task<int> JoinAsync(UpOptions options, Narrator narrator, CancellationToken stop)
    {
        var endpoints = await UntilAsync(options.Data, e => e.Control.Length > 0, stop);
        using var http = new HttpClient();
        using var answer = await http.PostAsync(new Uri($"{endpoints.Control}/bring-back"), null, stop);
        answer.EnsureSuccessStatusCode();
        var gone = (await answer.Content.ReadFromJsonAsync<BroughtBack>(stop))!.Parts;
        narrator.Say(gone.Length == 0 ? "It runs already; nothing was gone." : $"It runs already; brought back: {string.Join(", ", gone)}.");
        endpoints = await UntilAsync(options.Data, e => e.Ready && e.Processes.All(p => p.Pid is not null), stop);
        Summary.Print(endpoints, narrator, options.Data, here: false);
        string[] others = [.. endpoints.StartedWith?.Differences(options, endpoints) ?? []];
        if (others.Length == 0)
            return 0;
        await Console.Error.WriteLineAsync($"It goes on with what it was started with. What was given now has no effect before `{Summary.Command("down", options.Data)}` and another start: {string.Join(", ", others)}.");
        return OtherOptions;
    }

    private static async Task<Endpoints> UntilAsync(string data, Func<Endpoints, bool> wished, CancellationToken stop)
    {
        for (var start = TimeProvider.System.GetTimestamp(); ; await Task.Delay(Pause, stop))
        {
            var endpoints = Endpoints.Read(data);
            if (endpoints is not null && wished(endpoints))
                return endpoints;
            if (endpoints?.Host() is null)
                throw new InvalidOperationException($"The system in {data} has just stopped. Try again.");
            if (TimeProvider.System.GetElapsedTime(start) > BackPatience)
                throw new InvalidOperationException($"Not everything came back within {BackPatience.TotalMinutes} minutes; `{Summary.Command("status", data)}` says what is missing, and names the logs.");
        }
    }
}

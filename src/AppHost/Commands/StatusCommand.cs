using System.CommandLine;
using System.Globalization;
using AppHost.Running;
using Spectre.Console;

namespace AppHost.Commands;

internal static class StatusCommand
{
    private const int PartsGone = 1;
    private const int NotRunning = 3;

    public static Command Create()
    {
        var data = DataOption.Create();
        var command = new Command("status", "Shows what runs, and where. Exit code 0: all of it; 1: parts are gone or not ready; 3: nothing runs.") { data };
        command.SetAction((parsed, stop) => RunAsync(Path.GetFullPath(parsed.GetValue(data)!), stop));
        return command;
    }

    private static async Task<int> RunAsync(string folder, CancellationToken stop)
    {
        var endpoints = Endpoints.Read(folder);
        if (endpoints?.Host() is null)
        {
            Console.WriteLine($"Nothing runs on {folder}.");
            return NotRunning;
        }

        var health = await HealthAsync(endpoints, stop);
        var table = new Table().AddColumns("part", "process", "state", "restarts", "log").Border(TableBorder.Simple);
        foreach (var process in endpoints.Processes)
        {
            var state = !process.Identity.IsAlive ? "gone" : health.TryGetValue(process.Name, out var problem) ? problem is null ? "ready" : "not ready" : "runs";
            table.AddRow(process.Name, process.Pid?.ToString(CultureInfo.InvariantCulture) ?? "-", state, process.Restarts.ToString(CultureInfo.InvariantCulture), process.Log);
        }

        AnsiConsole.Write(table);
        if (IsStarting(endpoints))
        {
            Console.WriteLine("It is still starting: Postgres and Kafka come first.");
            return PartsGone;
        }

        foreach (var (name, problem) in health.Where(h => h.Value is not null))
            Console.WriteLine($"{name}: {problem}");
        Summary.Print(endpoints, new Narrator(AnsiConsole.Console, TimeProvider.System), folder, here: false);
        return endpoints.Processes.All(p => p.Identity.IsAlive) && health.Values.All(p => p is null) ? 0 : PartsGone;
    }

    // Until then it has no addresses.
    private static bool IsStarting(Endpoints endpoints) => endpoints.Api.Length == 0;

    private static async Task<Dictionary<string, string?>> HealthAsync(Endpoints endpoints, CancellationToken stop)
    {
        if (IsStarting(endpoints))
            return [];
        var asked = endpoints.Silos.Select((url, index) => ($"silo-{index + 1}", url)).Append(("api", endpoints.Api));
        var answers = await Task.WhenAll(asked.Select(async a => (a.Item1, Problem: await Readiness.ProblemAsync($"{a.Item2}/health/ready", stop))));
        return answers.ToDictionary(a => a.Item1, a => a.Problem);
    }
}

using System.CommandLine;
using System.Globalization;
using AppHost.Running;
using Spectre.Console;

namespace AppHost.Commands;

internal static class StatusCommand
{
    // As the parts are named that run them.
    private const string Postgres = "postgres";
    private const string Kafka = "kafka";
    private const int PartsGone = 1;
    private const int NotRunning = 3;

    public static Command Create()
    {
        var data = DataOption.Create();
        var command = new Command("status", "Shows what runs and answers, and where. Exit code 0: all of it; 1: parts are gone, silent or not ready; 3: nothing runs.") { data };
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
            var state = process.Identity.IsAlive ? State(process.Name, health) : "gone";
            table.AddRow(process.Name, process.Pid?.ToString(CultureInfo.InvariantCulture) ?? "-", state, process.Restarts.ToString(CultureInfo.InvariantCulture), process.Log);
        }

        foreach (var name in health.Keys.Where(name => endpoints.Processes.All(p => p.Name != name)))
            table.AddRow(name, "-", State(name, health), "-", name == Kafka && endpoints.KafkaKind is not Endpoints.GivenKafka ? $"the {endpoints.KafkaKind} in apphost" : "not this system's");

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

    private static string State(string name, Dictionary<string, string?> health) =>
        (health.TryGetValue(name, out var problem), problem is null, name is Postgres or Kafka) switch
        {
            (false, _, _) => "runs",
            (_, true, true) => "answers",
            (_, true, false) => "ready",
            (_, false, true) => "silent",
            _ => "not ready",
        };

    // Until then it has no addresses.
    private static bool IsStarting(Endpoints endpoints) => endpoints.Api.Length == 0;

    private static async Task<Dictionary<string, string?>> HealthAsync(Endpoints endpoints, CancellationToken stop)
    {
        if (IsStarting(endpoints))
            return [];
        // In the order in which each needs the next: what is wrong with the first is often the reason of the others.
        (string Name, Task<string?> Problem)[] asked =
        [
            (Postgres, Answers.PostgresAsync(endpoints.Postgres, stop)), (Kafka, Answers.KafkaAsync(endpoints, stop)),
            .. endpoints.Silos.Select((url, index) => ($"silo-{index + 1}", Ready(url))), ("api", Ready(endpoints.Api)),
        ];
        var health = new Dictionary<string, string?>();
        foreach (var (name, problem) in asked)
            health[name] = await problem;
        return health;

        Task<string?> Ready(string url) => Readiness.ProblemAsync($"{url}/health/ready", stop);
    }
}

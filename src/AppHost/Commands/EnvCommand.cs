using System.CommandLine;
using AppHost.Running;

namespace AppHost.Commands;

/// <summary><c>env</c>: the running system's addresses as an application of one's own reads them.</summary>
internal static class EnvCommand
{
    private const int NotRunning = 3;

    public static Command Create()
    {
        var data = DataOption.Create();
        var command = new Command("env", "Prints the settings of a silo of your own on the running system: eval \"$(./dev env)\", then dotnet run.") { data };
        command.SetAction(parsed => Run(Path.GetFullPath(parsed.GetValue(data)!)));
        return command;
    }

    private static int Run(string folder)
    {
        if (Endpoints.Read(folder) is not { Postgres: not "" } endpoints || endpoints.Host() is null)
        {
            Console.Error.WriteLine($"Nothing runs on {folder}, or it is still starting.");
            return NotRunning;
        }

        foreach (var (name, value) in Variables(endpoints))
            Console.WriteLine($"export {Settings.Variable(name)}={Shell.Quoted(value)}");
        // Two programs must not write into one store's tables, nor be silos of one cluster.
        Console.WriteLine("""
            # Beside the silos that run here, one of your own needs names and ports of its own, such as:
            #   export EventStore__Schema=mine Cluster__Id=mine Kafka__ConsumerGroup=mine Kafka__DeadLetterTopic= Silo__Port=11211 Silo__GatewayPort=30100
            """);
        return 0;
    }

    private static IEnumerable<(string Name, string Value)> Variables(Endpoints endpoints)
    {
        yield return ("ConnectionStrings:Postgres", endpoints.Postgres);
        yield return ("Kafka:BootstrapServers", endpoints.Kafka);
        if (endpoints.KafkaIncarnation is { } incarnation)
        {
            yield return ("Kafka:Incarnation", incarnation);
            yield return ("Kafka:OnGap", "SkipToEarliest"); // as for the silos here: its topics are new at each start
        }

        yield return ("SchemaRegistry:Url", endpoints.Registry);
    }
}

using System.CommandLine;

namespace Cli;

/// <summary>What the commands share.</summary>
internal static class Common
{
    public static Option<string?> Data() => new("--data") { Description = "The running system's data folder. Default: with ./dev the checkout's .data, else .data here or further up." };

    public static Option<bool> Json() => new("--json") { Description = "Print JSON." };

    /// <summary>Runs a command on the running system's addresses; what is missing is said, with exit code 2.</summary>
    public static async Task<int> WithSystemAsync(string? data, Func<Endpoints, Task<int>> run)
    {
        if (Endpoints.Find(data) is not { } endpoints)
        {
            await Console.Error.WriteLineAsync($"No running system was found: {Endpoints.Missing(data)}. Start it with ./dev up, or name its folder with --data.");
            return 2;
        }

        return await AnsweredAsync(() => run(endpoints));
    }

    /// <summary>Runs what asks other programs; that one does not answer is said, with exit code 2. Ctrl+C: 130.</summary>
    public static async Task<int> AnsweredAsync(Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (Exception e) when (e is HttpRequestException or Confluent.Kafka.KafkaException or SchemaRegistry.SchemaRegistryUnavailableException
            or OperationCanceledException { InnerException: TimeoutException })
        {
            await Console.Error.WriteLineAsync($"The system does not answer: {e.Message}");
            return 2;
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
    }
}

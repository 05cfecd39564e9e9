using System.CommandLine;

namespace Cli;

/// <summary>What the commands share.</summary>
internal static class Common
{
    public static Option<string?> Data() => new("--data") { Description = "The running system's data folder. Default: with ./dev the checkout's .data, else .data here or further up." };

    /// <summary>For the commands that ask an API and nothing else, and their subcommands.</summary>
    public static Option<string?> Api { get; } = CreateApi();

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

    /// <summary>Runs a command on the API that is named, else on the running system's.</summary>
    public static Task<int> WithApiAsync(ParseResult parsed, Option<string?> data, Func<ApiClient, Task<int>> run)
    {
        return parsed.GetValue(Api) is { } given ? AnsweredAsync(() => AskAsync(given)) : WithSystemAsync(parsed.GetValue(data), system => AskAsync(system.Api));

        async Task<int> AskAsync(string? address)
        {
            using var api = new ApiClient(address);
            return await run(api);
        }
    }

    private static Option<string?> CreateApi()
    {
        var api = new Option<string?>("--api") { Description = "The API to ask, such as http://127.0.0.1:5090 of an application of one's own. Default: the running system's.", Recursive = true };
        MustBeHttp(api);
        return api;
    }

    /// <summary>Refuses an address that HTTP cannot reach.</summary>
    public static void MustBeHttp(Option<string?> address) => address.Validators.Add(result =>
    {
        if (!Uri.TryCreate(result.GetValueOrDefault<string?>(), UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            result.AddError($"{address.Name} must be an http or https address, such as http://127.0.0.1:5080.");
    });

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
            await Console.Error.WriteLineAsync(e is Confluent.Kafka.KafkaException { Error.Code: Confluent.Kafka.ErrorCode.Local_InvalidArg } ? e.Message : $"The system does not answer: {e.Message}");
            return 2;
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
    }
}

using System.CommandLine;

namespace Cli;

/// <summary><c>dead-letters</c>: lists what could not be applied, sends it again, throws it away.</summary>
internal static class DeadLettersCommand
{
    public static Command Create()
    {
        var (data, json) = (Common.Data(), Common.Json());
        var command = new Command("dead-letters", "Lists the dead letters, newest first.") { data, Common.Api, json, Act("reprocess", "Sends one again, as it is."), Act("discard", "Throws one away.") };
        command.SetAction((parsed, _) => Common.WithApiAsync(parsed, data, async api =>
        {
            if (await api.GetAsync("dead-letters") is not { } letters)
                return 1;
            if (parsed.GetValue(json))
                return ApiClient.Print(letters);
            foreach (var letter in letters["items"]!.AsArray())
            {
                var record = letter!["record"]!;
                Console.WriteLine($"{letter["id"],6}  {letter["status"],-12}{letter["kind"],-18}{record["topic"]}/{record["partition"]}@{record["offset"]}  {letter["reason"]}");
            }

            if (letters["next"] is { } next)
                Console.WriteLine($"There are older ones: {api.Address}dead-letters?cursor={next}");
            return 0;
        }));
        return command;
    }

    private static Command Act(string verb, string description)
    {
        var id = new Argument<long>("id") { Description = "The dead letter." };
        var data = Common.Data();
        var command = new Command(verb, description) { id, data };
        command.SetAction((parsed, _) => Common.WithApiAsync(parsed, data, async api =>
        {
            return ApiClient.Print(await api.PostAsync($"dead-letters/{parsed.GetValue(id)}/{verb}", null));
        }));
        return command;
    }
}

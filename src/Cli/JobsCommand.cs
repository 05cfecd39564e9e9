using System.CommandLine;
using System.Globalization;

namespace Cli;

/// <summary><c>jobs</c>: lists jobs over streams, shows results, and tells jobs what to do.</summary>
internal static class JobsCommand
{
    public static Command Create()
    {
        var (data, json) = (Common.Data(), Common.Json());
        var command = new Command("jobs", "Lists the jobs over streams and where they stand.")
        {
            data, Common.Api, json, Results(), Act("pause", "Lets one take no more records. Its windows stay in memory."), Act("resume", "Lets one go on that was paused."),
            Act("drain", "Ends the input of one: every window is final."), Act("stop", "Takes one out of memory. What its last checkpoint kept stays."),
            Act("start", "Lets one go on that was stopped. One that was cancelled begins anew: its former results are taken away first."),
            Act("cancel", "Stops one and throws its state away. Its results and savepoints stay."), Savepoint(), Restore(),
        };
        command.SetAction((parsed, _) => Common.WithApiAsync(parsed, data, async api =>
        {
            if (await api.GetAsync("jobs") is not { } jobs)
                return 1;
            if (parsed.GetValue(json))
                return ApiClient.Print(jobs);
            Console.WriteLine($"{"job",-24}{"state",-10}{"watermark",11}{"records",12}{"late",8}{"keys",10}{"state bytes",13}");
            foreach (var job in jobs["items"]!.AsArray())
                Console.WriteLine($"{job!["job"],-24}{job["state"],-10}{Delay((double?)job["watermarkDelay"]),11}{job["records"],12}{job["late"],8}{job["keys"],10}{job["stateBytes"],13}");
            return 0;
        }));
        return command;
    }

    private static string Delay(double? seconds) => seconds is { } s ? string.Create(CultureInfo.InvariantCulture, $"-{s:0.0} s") : "";

    private static Command Results()
    {
        var job = new Argument<string>("job") { Description = "The job." };
        var key = new Option<string?>("--key") { Description = "The results of a key." };
        var state = new Option<string>("--state") { Description = "open, closed, final or all.", DefaultValueFactory = _ => "all" };
        var data = Common.Data();
        var command = new Command("results", "Prints what a job's windows came to, as lines of JSON.") { job, key, state, data };
        command.SetAction((parsed, _) => Common.WithApiAsync(parsed, data, async api =>
        {
            var path = $"jobs/{Uri.EscapeDataString(parsed.GetValue(job)!)}/results?limit=500&state={Uri.EscapeDataString(parsed.GetValue(state)!)}"
                + (parsed.GetValue(key) is { } k ? $"&key={Uri.EscapeDataString(k)}" : "");
            string? cursor = null;
            do
            {
                if (await api.GetAsync(cursor is null ? path : $"{path}&cursor={cursor}") is not { } page)
                    return 1;
                foreach (var row in page["items"]!.AsArray())
                    Console.WriteLine(row!.ToJsonString());
                cursor = (string?)page["next"];
            }
            while (cursor is not null);
            return 0;
        }));
        return command;
    }

    private static Command Savepoint()
    {
        var job = new Argument<string>("job") { Description = "The job." };
        var name = new Argument<string?>("name") { Description = "What it shall be called. Without a name, lists the job's savepoints.", Arity = ArgumentArity.ZeroOrOne };
        var data = Common.Data();
        var command = new Command("savepoint", "Keeps all that a job has now under a name.") { job, name, data };
        command.SetAction((parsed, _) => Common.WithApiAsync(parsed, data, async api =>
        {
            var path = $"jobs/{Uri.EscapeDataString(parsed.GetValue(job)!)}/savepoints";
            return ApiClient.Print(parsed.GetValue(name) is { } called ? await api.PostAsync(path, new { name = called }) : await api.GetAsync(path));
        }));
        return command;
    }

    private static Command Restore()
    {
        var job = new Argument<string>("job") { Description = "The job." };
        var name = new Argument<string>("name") { Description = "The savepoint." };
        var data = Common.Data();
        var command = new Command("restore", "Sets a job back to a savepoint.") { job, name, data };
        command.SetAction((parsed, _) => Common.WithApiAsync(parsed, data, async api =>
        {
            return ApiClient.Print(await api.PostAsync($"jobs/{Uri.EscapeDataString(parsed.GetValue(job)!)}/savepoints/{Uri.EscapeDataString(parsed.GetValue(name)!)}/restore", null));
        }));
        return command;
    }

    private static Command Act(string verb, string description)
    {
        var job = new Argument<string>("job") { Description = "The job." };
        var data = Common.Data();
        var command = new Command(verb, description) { job, data };
        command.SetAction((parsed, _) => Common.WithApiAsync(parsed, data, async api =>
        {
            return ApiClient.Print(await api.PostAsync($"jobs/{Uri.EscapeDataString(parsed.GetValue(job)!)}/{verb}", null));
        }));
        return command;
    }
}

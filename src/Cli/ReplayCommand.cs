using System.CommandLine;

namespace Cli;

/// <summary><c>replay</c>: folds history into a projection again, watches it, ends it.</summary>
internal static class ReplayCommand
{
    private static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var projection = new Argument<string>("projection") { Description = "The projection whose handlers fold the events." };
        var source = new Option<string>("--source") { Description = "store or kafka.", DefaultValueFactory = _ => "store" };
        var target = new Option<string?>("--target") { Description = "The name to read the result under. Default: it takes the projection's own place." };
        var topic = new Option<string?>("--topic") { Description = "With kafka: the topic." };
        var from = new Option<string?>("--from") { Description = "With kafka: an offset (500), offsets by partition (0:500,1:700) or a time." };
        var to = new Option<string?>("--to") { Description = "With kafka: where to end, in the same forms." };
        var watch = new Option<bool>("--watch") { Description = "Wait for the end and show the progress." };
        var data = Common.Data();
        var command = new Command("replay", "Starts a replay.") { projection, source, target, topic, from, to, watch, data, Common.Api, List(), Cancel() };
        command.SetAction((parsed, cancellationToken) => Common.WithApiAsync(parsed, data, async api =>
        {
            var arguments = new[] { ("topic", parsed.GetValue(topic)), ("from", parsed.GetValue(from)), ("to", parsed.GetValue(to)) }
                .Where(a => a.Item2 is not null).ToDictionary(a => a.Item1, a => a.Item2);
            var started = await api.PostAsync(
                "replays", new { projection = parsed.GetValue(projection), source = parsed.GetValue(source), target = parsed.GetValue(target), arguments });
            return started is null || !parsed.GetValue(watch) ? ApiClient.Print(started) : await WatchAsync(api, started["id"]!.GetValue<long>(), cancellationToken);
        }));
        return command;
    }

    private static async Task<int> WatchAsync(ApiClient api, long id, CancellationToken cancellationToken)
    {
        while (await api.GetAsync($"replays/{id}") is { } replay)
        {
            Console.WriteLine($"{replay["state"]}: {replay["done"]} of {replay["total"]}, {replay["rate"]}/s");
            if (replay["state"]?.ToString() != "running")
                return replay["state"]?.ToString() == "completed" ? 0 : 1;
            await Task.Delay(WatchEvery, cancellationToken);
        }

        return 1;
    }

    private static Command List()
    {
        var data = Common.Data();
        var command = new Command("list", "Lists the replays, newest first.") { data };
        command.SetAction((parsed, _) => Common.WithApiAsync(parsed, data, async api =>
        {
            return ApiClient.Print(await api.GetAsync("replays"));
        }));
        return command;
    }

    private static Command Cancel()
    {
        var id = new Argument<long>("id") { Description = "The replay." };
        var data = Common.Data();
        var command = new Command("cancel", "Ends a replay and drops what it made.") { id, data };
        command.SetAction((parsed, _) => Common.WithApiAsync(parsed, data, async api =>
        {
            return ApiClient.Print(await api.PostAsync($"replays/{parsed.GetValue(id)}/cancel", null));
        }));
        return command;
    }
}

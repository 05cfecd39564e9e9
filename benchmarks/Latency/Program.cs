using System.CommandLine;
using Latency;

var data = new Option<string>("--data") { Description = "The running system's data folder.", DefaultValueFactory = _ => ".data" };
var rate = new Option<int>("--rate") { Description = "The load, in events per second. ./dev produce makes it.", DefaultValueFactory = _ => 10_000 };
var seconds = new Option<int>("--seconds") { Description = "How long the load lasts.", DefaultValueFactory = _ => 120 };
var skip = new Option<int>("--skip") { Description = "The first seconds that don't count.", DefaultValueFactory = _ => 30 };
var users = new Option<int>("--users") { Description = "How many users.", DefaultValueFactory = _ => 10_000 };
var samples = new Option<int>("--samples") { Description = "Records per second whose latency is measured, on top of the load.", DefaultValueFactory = _ => 100 };
var warmup = new Option<int>("--warmup") { Description = "Seconds of load at a third of the rate before, so that the code is compiled and the users are known.", DefaultValueFactory = _ => 60 };
var json = new Option<bool>("--json") { Description = "One JSON object per line." };
var command = new RootCommand(
    "Under a load, measures the time from producing a record to the first HTTP answer whose positions include it, against the time to a plain\n"
    + "consumer on the same broker. A record that is never seen counts as the time-out. Needs a running system: ./dev up --no-demo.")
{
    data, rate, seconds, skip, users, samples, warmup, json,
};
command.SetAction(async (parsed, cancellation) =>
{
    var (length, passed) = (parsed.GetValue(seconds), parsed.GetValue(skip));
    if (length <= passed)
    {
        await Console.Error.WriteLineAsync($"--seconds {length} leaves nothing to measure: the first {passed} (--skip) don't count.");
        return 2;
    }

    return await Run.ExecuteAsync(
        new(parsed.GetValue(data)!, parsed.GetValue(rate), length, passed, parsed.GetValue(users), parsed.GetValue(samples),
            parsed.GetValue(warmup), parsed.GetValue(json)), cancellation);
});
return await command.Parse(args).InvokeAsync();

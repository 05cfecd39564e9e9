using System.CommandLine;
using Rebuild;

var events = new Option<long>("--events") { Description = "How many events are stored.", DefaultValueFactory = _ => 1_000_000 };
var users = new Option<int>("--users") { Description = "How many streams they are in, and so how many documents come of them.", DefaultValueFactory = _ => 10_000 };
var rate = new Option<int>("--rate") { Description = "Events per second that arrive meanwhile.", DefaultValueFactory = _ => 2_000 };
var rounds = new Option<int>("--rounds") { Description = "How often each contender runs; they take turns.", DefaultValueFactory = _ => 5 };
var json = new Option<bool>("--json") { Description = "One JSON object per line." };
var folder = new Option<string?>("--data") { Description = "Where the database lies, a new folder. Default: a temporary folder, deleted at the end." };
var command = new RootCommand(
    "Stores events, then has a silo rebuild a projection of them while more arrive, from the start of the replay to its switch. Beside it, in turn and under the same\n"
    + "load, a plain loop that reads and deserializes the same events. Needs Postgres' programs.")
{
    events, users, rate, rounds, json, folder,
};
command.SetAction((parsed, cancellation) => Run.ExecuteAsync(
    new(parsed.GetValue(events), parsed.GetValue(users), parsed.GetValue(rate), parsed.GetValue(rounds), parsed.GetValue(json), parsed.GetValue(folder)), cancellation));
return await command.Parse(args).InvokeAsync();

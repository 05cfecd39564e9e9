using System.CommandLine;
using Append;

var streams = new Option<int>("--streams") { Description = "Streams of a commit, each with one event.", DefaultValueFactory = _ => 5_000 };
var commits = new Option<int>("--commits") { Description = "Commits of a round.", DefaultValueFactory = _ => 10 };
var rounds = new Option<int>("--rounds") { Description = "How often each contender runs; they take turns.", DefaultValueFactory = _ => 5 };
var json = new Option<bool>("--json") { Description = "One JSON object per line." };
var folder = new Option<string?>("--data") { Description = "Where the database lies, a new folder. Default: a temporary folder, deleted at the end." };
var command = new RootCommand(
    "Measures durable, deduplicated appends by the group commit, one event to each of many new streams, against a binary COPY of the very rows that it wrote\n"
    + "(events, streams, positions) into logged tables with the same indexes and constraints, in as many commits. Needs Postgres' programs.")
{
    streams, commits, rounds, json, folder,
};
command.SetAction((parsed, cancellation) => Run.ExecuteAsync(
    new(parsed.GetValue(streams), parsed.GetValue(commits), parsed.GetValue(rounds), parsed.GetValue(json), parsed.GetValue(folder)), cancellation));
return await command.Parse(args).InvokeAsync();

using System.CommandLine;
using Confluent.Kafka;
using Shared;
using StreamJobs;
using Windows;

var events = new Option<long>("--events") { Description = "How many records the topic is filled with.", DefaultValueFactory = _ => 8_000_000 };
var users = new Option<int>("--users") { Description = "How many users.", DefaultValueFactory = _ => 10_000 };
var perSecond = new Option<int>("--per-second") { Description = "How many records span a second of event time.", DefaultValueFactory = _ => 20_000 };
var partitions = new Option<int>("--partitions") { Description = "The topic's partitions.", DefaultValueFactory = _ => 4 };
var rounds = new Option<int>("--rounds") { Description = "How often each contender runs; they take turns.", DefaultValueFactory = _ => 2 };
var ten = new Option<bool>("--ten") { Description = "All ten queries of the shop at once, instead of ten-second windows per user." };
var peers = new Option<string?>("--peers") { Description = "The folder with the program 'peer', which runs Flink and Kafka Streams; without it there are none to compare with." };
var only = new Option<string[]>("--only") { Description = "Only these: raw, ours, flink, streams, sql.", AllowMultipleArgumentsPerToken = true };
var live = new Option<int?>("--live") { Description = "Instead of speed, latency: from the watermark's passing a window's end to its result in the topic, under a load of so many events per second." };
var seconds = new Option<int>("--seconds") { Description = "How long the live load lasts.", DefaultValueFactory = _ => 180 };
var http = new Option<bool>("--http") { Description = "With --live: the job keeps its results in the table too, and they are read over HTTP, those of open windows as well." };
var recovery = new Option<int?>("--recovery") { Description = "Instead of speed, recovery: from a new process, after kill -9, to results, with so many keys in open windows." };
var folder = new Option<string?>("--data") { Description = "Where broker, database and logs lie, a new folder. Default: a temporary folder, deleted at the end." };
var command = new RootCommand(
    "Fills a topic, then has ten-second windows per user computed from it by our jobs, Flink and Kafka Streams, exactly once, each in fresh processes. What a\n"
    + "read_committed reader of the output sees is compared, and how fast it came. Needs Apache Kafka (KAFKA_HOME) and Postgres' programs.")
{
    events, users, perSecond, partitions, rounds, ten, peers, only, live, seconds, http, recovery, folder,
};
command.SetAction((parsed, cancellation) => Lab.RunAsync(
    "windows", parsed.GetValue(folder),
    lab => Bench.RunAsync(
        new(parsed.GetValue(events), parsed.GetValue(users), parsed.GetValue(perSecond), parsed.GetValue(partitions), parsed.GetValue(rounds), parsed.GetValue(ten),
            parsed.GetValue(peers), parsed.GetValue(only) ?? [], parsed.GetValue(live), parsed.GetValue(seconds), parsed.GetValue(http), parsed.GetValue(recovery)),
        lab, cancellation),
    cancellation));

var bootstrap = new Option<string>("--bootstrap") { Required = true };
var topic = new Option<string>("--topic") { Required = true };
var output = new Option<string>("--output") { DefaultValueFactory = _ => "" };
var postgres = new Option<string>("--postgres") { Required = true };
var delayed = new Option<bool>("--delayed");
var port = new Option<int?>("--port");
var ours = new Command("run-ours", "Started by the benchmark: a silo with the jobs.") { bootstrap, topic, events, output, postgres, ten, delayed, port };
ours.SetAction((parsed, _) => Ours.RunAsync(
    new(parsed.GetValue(bootstrap)!, parsed.GetValue(topic)!, parsed.GetValue(events)), parsed.GetValue(postgres)!, parsed.GetValue(output)!,
    parsed.GetValue(ten) ? WindowJobs.Ten : [WindowJobs.PerUser(parsed.GetValue(delayed) ? Recovery.Delay : 5.Seconds(), isOnlyToTopic: parsed.GetValue(port) is null)],
    parsed.GetValue(port)));
command.Add(ours);
command.Add(BareLoop.Command<Ignore>(new Decoding().TakeAsync));
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });

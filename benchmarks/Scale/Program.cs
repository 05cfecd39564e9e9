using System.CommandLine;
using Scale;
using Shared;

var events = new Option<long>("--events") { Description = "How many records each topic is filled with, at least.", DefaultValueFactory = _ => 200_000 };
var partitions = new Option<int[]>("--partitions")
{
    Description = "Numbers of partitions, with 10,000 users.",
    AllowMultipleArgumentsPerToken = true,
    DefaultValueFactory = _ => [1, 4, 16, 32],
};
var keys = new Option<int[]>("--keys")
{
    Description = "Numbers of users, on 4 partitions. 1000000 is worth asking for, and takes a while.",
    AllowMultipleArgumentsPerToken = true,
    DefaultValueFactory = _ => [10, 1_000, 100_000],
};
var silos = new Option<int[]>("--silos") { Description = "Numbers of silos, with 10,000 users on 4 partitions.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1, 2] };
var rounds = new Option<int>("--rounds") { Description = "How often each point is measured; they take turns.", DefaultValueFactory = _ => 3 };
var json = new Option<bool>("--json") { Description = "One JSON object per line." };
var folder = new Option<string?>("--data") { Description = "Where broker, database and logs lie, a new folder. Default: a temporary folder, deleted at the end." };
var command = new RootCommand(
    "Has silos turn filled topics into committed events, as the benchmark ingest does, over numbers of partitions, of users and of silos: three sweeps, each point\n"
    + "against the one before it in the same round. Needs Apache Kafka (KAFKA_HOME) and Postgres' programs.")
{
    events, partitions, keys, silos, rounds, json, folder,
};
command.SetAction((parsed, cancellation) => Lab.RunAsync(
    "scale", parsed.GetValue(folder),
    lab => new Run(
        new(parsed.GetValue(events), parsed.GetValue(partitions)!, parsed.GetValue(keys)!, parsed.GetValue(silos)!, parsed.GetValue(rounds), parsed.GetValue(json)),
        lab).ExecuteAsync(cancellation),
    cancellation));
command.Add(IngestSilo.Command());
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });

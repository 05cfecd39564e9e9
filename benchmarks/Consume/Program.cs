using System.CommandLine;
using Consume;
using Shared;

var events = new Option<long>("--events") { Description = "How many records the topics are filled with.", DefaultValueFactory = _ => 6_000_000 };
var keys = new Option<int>("--keys") { Description = "How many keys.", DefaultValueFactory = _ => 10_000 };
var bytes = new Option<int>("--bytes") { Description = "The size of a value.", DefaultValueFactory = _ => 150 };
var partitions = new Option<int>("--partitions") { Description = "The topics' partitions.", DefaultValueFactory = _ => 4 };
var cases = new Option<string[]>("--only")
{
    Description = "Only these cases: key, partition, key-zipf, partition-zipf.",
    AllowMultipleArgumentsPerToken = true,
    DefaultValueFactory = _ => ["key", "partition", "key-zipf", "partition-zipf"],
};
cases.AcceptOnlyFromAmong("key", "partition", "key-zipf", "partition-zipf");
var half = new Option<int>("--half") { Description = "Seconds of load at half of the rate found, to measure latency and processor time; 0 for none.", DefaultValueFactory = _ => 10 };
var rounds = new Option<int>("--rounds") { Description = "How often each contender runs; they take turns.", DefaultValueFactory = _ => 5 };
var json = new Option<bool>("--json") { Description = "One JSON object per line." };
var folder = new Option<string?>("--data") { Description = "Where broker, database and logs lie, a new folder. Default: a temporary folder, deleted at the end." };
var command = new RootCommand(
    "Has a silo's stream provider, by key and by partition, hand a filled topic to grains that do nothing, with checkpoints in Postgres, each in a fresh process.\n"
    + "Beside it, in turn, a bare loop that only consumes. Needs Apache Kafka (KAFKA_HOME) and Postgres' programs.")
{
    events, keys, bytes, partitions, cases, half, rounds, json, folder,
};
command.SetAction((parsed, cancellation) => Lab.RunAsync(
    "consume", parsed.GetValue(folder),
    lab => new Run(
        new(parsed.GetValue(events), parsed.GetValue(keys), parsed.GetValue(bytes), parsed.GetValue(partitions), parsed.GetValue(cases)!, parsed.GetValue(half),
            parsed.GetValue(rounds), parsed.GetValue(json)),
        lab).ExecuteAsync(cancellation),
    cancellation));
command.Add(BareLoop.Command<string>(_ => ValueTask.CompletedTask));
command.Add(ProviderSilo.Command());
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });

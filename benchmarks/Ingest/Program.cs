using System.CommandLine;
using Ingest;

var events = new Option<long>("--events") { Description = "How many records the topic is filled with.", DefaultValueFactory = _ => 500_000 };
var users = new Option<int>("--users") { Description = "How many users.", DefaultValueFactory = _ => 10_000 };
var perSecond = new Option<int>("--per-second") { Description = "How many records span a second of event time.", DefaultValueFactory = _ => 10_000 };
var partitions = new Option<int>("--partitions") { Description = "The topic's partitions.", DefaultValueFactory = _ => 4 };
var zipf = new Option<bool>("--zipf") { Description = "Users by Zipf's law with exponent 1 instead of each as often as any other." };
var shop = new Option<bool>("--shop") { Description = "The whole shop, its projections, published events and jobs included, instead of the users alone." };
var rounds = new Option<int>("--rounds") { Description = "How often each contender runs; they take turns.", DefaultValueFactory = _ => 5 };
var json = new Option<bool>("--json") { Description = "One JSON object per line." };
var folder = new Option<string?>("--data") { Description = "Where broker, database and logs lie, a new folder. Default: a temporary folder, deleted at the end." };
var command = new RootCommand(
    "Fills a topic, then has a silo turn its records into committed events of the shop's users, each in a fresh process on a fresh database. Beside it, in turn, a\n"
    + "bare loop that consumes and decodes. Needs Apache Kafka (KAFKA_HOME) and Postgres' programs.")
{
    events, users, perSecond, partitions, zipf, shop, rounds, json, folder,
};
command.SetAction((parsed, cancellation) => Run.ExecuteAsync(
    new(parsed.GetValue(events), parsed.GetValue(users), parsed.GetValue(perSecond), parsed.GetValue(partitions), parsed.GetValue(zipf), parsed.GetValue(shop), parsed.GetValue(rounds),
        parsed.GetValue(json), parsed.GetValue(folder)), cancellation));

var bootstrap = new Option<string>("--bootstrap") { Required = true };
var postgres = new Option<string>("--postgres") { Required = true };
var raw = new Command("run-raw", "Started by the benchmark: the bare consumer.") { bootstrap, events };
raw.SetAction((parsed, _) => Raw.RunAsync(parsed.GetValue(bootstrap)!, parsed.GetValue(events)));
var ours = new Command("run-ours", "Started by the benchmark: a silo.") { bootstrap, postgres, shop };
ours.SetAction((parsed, _) => Ours.RunAsync(parsed.GetValue(bootstrap)!, parsed.GetValue(postgres)!, parsed.GetValue(shop)));
command.Add(raw);
command.Add(ours);
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });

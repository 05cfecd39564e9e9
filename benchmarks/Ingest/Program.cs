using System.CommandLine;
using Contracts.Records;
using Ingest;
using SchemaRegistry;
using Shared;

var events = new Option<long>("--events") { Description = "How many records the topic is filled with.", DefaultValueFactory = _ => 500_000 };
var users = new Option<int>("--users") { Description = "How many users.", DefaultValueFactory = _ => 10_000 };
var perSecond = new Option<int>("--per-second") { Description = "How many records span a second of event time.", DefaultValueFactory = _ => 10_000 };
var partitions = new Option<int>("--partitions") { Description = "The topic's partitions.", DefaultValueFactory = _ => 4 };
var zipf = new Option<bool>("--zipf") { Description = "Users by Zipf's law with exponent 1 instead of each as often as any other." };
var shop = new Option<bool>("--shop") { Description = "The whole shop, its projections, published events and jobs included, instead of the users alone." };
var wolverine = new Option<bool>("--wolverine") { Description = "Wolverine and Marten beside it, in batches and one by one. Not with --shop." };
var rounds = new Option<int>("--rounds") { Description = "How often each contender runs; they take turns.", DefaultValueFactory = _ => 5 };
var json = new Option<bool>("--json") { Description = "One JSON object per line." };
var folder = new Option<string?>("--data") { Description = "Where broker, database and logs lie, a new folder. Default: a temporary folder, deleted at the end." };
var command = new RootCommand(
    "Fills a topic, then has a silo turn its records into committed events of the shop's users, each in a fresh process on a fresh database. Beside it, in turn, a\n"
    + "bare loop that consumes and decodes. Needs Apache Kafka (KAFKA_HOME) and Postgres' programs.")
{
    events, users, perSecond, partitions, zipf, shop, wolverine, rounds, json, folder,
};
command.SetAction((parsed, cancellation) => Lab.RunAsync(
    "ingest", parsed.GetValue(folder),
    lab => new Run(
        new(parsed.GetValue(events), parsed.GetValue(users), parsed.GetValue(perSecond), parsed.GetValue(partitions), parsed.GetValue(zipf), parsed.GetValue(shop),
            parsed.GetValue(wolverine), parsed.GetValue(rounds), parsed.GetValue(json)),
        lab).ExecuteAsync(cancellation),
    cancellation));

var decoder = new AvroRecordDecoder<UserRecord>(Schemas.OfUserEvents());
command.Add(BareLoop.Command<string>(async value => await decoder.DecodeAsync(value, CancellationToken.None)));
command.Add(IngestSilo.Command());
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });

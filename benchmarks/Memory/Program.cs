using System.CommandLine;
using Memory;
using Shared;

var cases = new Option<string[]>("--only")
{
    Description = "Only these cases: seen, standstill.",
    AllowMultipleArgumentsPerToken = true,
    DefaultValueFactory = _ => ["seen", "standstill"],
};
cases.AcceptOnlyFromAmong("seen", "standstill");
var seen = new Option<int>("--seen") { Description = "How many users a silo sees.", DefaultValueFactory = _ => 1_000_000 };
var active = new Option<int>("--active") { Description = "How many of them go on having events, and how many the silo sees that it is compared with.", DefaultValueFactory = _ => 10_000 };
var rate = new Option<int>("--rate") { Description = "Events per second of those who go on.", DefaultValueFactory = _ => 2_000 };
var backlog = new Option<long>("--backlog") { Description = "Records of the full load in which one user stands still.", DefaultValueFactory = _ => 2_500_000 };
var rounds = new Option<int>("--rounds") { Description = "How often each silo is measured; they take turns.", DefaultValueFactory = _ => 1 };
var json = new Option<bool>("--json") { Description = "One JSON object per line." };
var folder = new Option<string?>("--data") { Description = "Where broker, database and logs lie, a new folder. Default: a temporary folder, deleted at the end." };
var command = new RootCommand(
    "Measures the resident memory of a silo that has seen many users of whom few are active, against one that has seen those few alone and as many records; and\n"
    + "of one in which a user stands still for a minute under full load, against itself before. Needs Apache Kafka (KAFKA_HOME) and Postgres' programs.")
{
    cases, seen, active, rate, backlog, rounds, json, folder,
};
command.SetAction((parsed, cancellation) => Lab.RunAsync(
    "memory", parsed.GetValue(folder),
    lab => new Run(
        new(parsed.GetValue(cases)!, parsed.GetValue(seen), parsed.GetValue(active), parsed.GetValue(rate), parsed.GetValue(backlog), parsed.GetValue(rounds), parsed.GetValue(json)),
        lab).ExecuteAsync(cancellation),
    cancellation));
command.Add(IngestSilo.Command(Vitals.AddTo));
command.Add(IngestSilo.Command(silo =>
{
    Vitals.AddTo(silo);
    silo.AddIncomingGrainCallFilter<Standstill>();
}, Standstill.Command));
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });

using System.CommandLine;
using WolverinePeer;

var bootstrap = new Option<string>("--bootstrap") { Required = true };
var topic = new Option<string>("--topic") { Required = true };
var group = new Option<string>("--group") { Required = true };
var postgres = new Option<string>("--postgres") { Required = true };
var oneByOne = new Option<bool>("--one-by-one") { Description = "A transaction for each record, instead of one for a batch of them." };
var command = new RootCommand("Started by the benchmark ingest: Wolverine and Marten on its broker, its records and its database.") { bootstrap, topic, group, postgres, oneByOne };
command.SetAction((parsed, cancellation) =>
    Peer.RunAsync(parsed.GetValue(bootstrap)!, parsed.GetValue(topic)!, parsed.GetValue(group)!, parsed.GetValue(postgres)!, parsed.GetValue(oneByOne), cancellation));
return await command.Parse(args).InvokeAsync();

using System.CommandLine;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Cli;

/// <summary><c>topics</c>: lists them with their lag, creates them, gives them more partitions.</summary>
internal static class TopicsCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        var (data, json) = (Common.Data(), Common.Json());
        var command = new Command("topics", "Lists the topics and how far they are read.") { data, json, Change("create", "Creates a topic.", HttpMethod.Post), Change("grow", "Gives a topic more partitions.", HttpMethod.Put) };
        command.SetAction((parsed, _) => Common.WithSystemAsync(parsed.GetValue(data), async system =>
        {
            using var api = new ApiClient(system.Api);
            if (await api.GetAsync("topics") is not { } topics)
                return 1;
            if (parsed.GetValue(json))
                return ApiClient.Print(topics);
            Console.WriteLine($"{"topic",-24}{"partition",10}{"low",12}{"high",12}{"position",12}{"lag",10}");
            foreach (var topic in topics["items"]!.AsArray())
                foreach (var p in topic!["partitions"]!.AsArray())
                    Console.WriteLine($"{topic["name"],-24}{p!["partition"],10}{p["low"],12}{p["high"],12}{p["position"],12}{p["lag"],10}");
            return 0;
        }));
        return command;
    }

    private static Command Change(string verb, string description, HttpMethod method)
    {
        var name = new Argument<string>("name") { Description = "The topic." };
        var partitions = new Option<int>("--partitions") { Description = "How many partitions it shall have.", DefaultValueFactory = _ => 4 };
        var data = Common.Data();
        var command = new Command(verb, description) { name, partitions, data };
        command.SetAction((parsed, _) => Common.WithSystemAsync(parsed.GetValue(data), async system =>
        {
            var (topic, count) = (parsed.GetValue(name)!, parsed.GetValue(partitions));
            using var admin = new AdminClientBuilder(SystemAccess.Load(parsed.GetValue(data)).Kafka(system.Kafka!)).SetLogHandler((_, _) => { }).Build();
            var before = Partitions(admin, topic);
            if (!await ChangeAsync(system, admin, method, topic, count))
                return 1;
            Console.WriteLine(method == HttpMethod.Put ? $"Topic '{topic}' has {count} partitions now{(before is null ? "" : $"; it had {before}")}."
                : before is null ? $"Topic '{topic}' was created with {count} partitions."
                : $"Topic '{topic}' is there already, with {before} partitions; nothing was changed.");
            return 0;
        }));
        return command;
    }

    // Of all topics: an emulator makes the one that it is asked for.
    private static int? Partitions(IAdminClient admin, string topic) =>
        admin.GetMetadata(Patience).Topics.Find(t => t.Topic == topic && !t.Error.IsError)?.Partitions.Count;

    /// <returns>False when it was refused, which is said.</returns>
    private static async Task<bool> ChangeAsync(Endpoints system, IAdminClient admin, HttpMethod method, string name, int partitions)
    {
        // The emulator has no administration over the wire: the program that runs it does it. So it does for its own Kafka.
        if (system is { KafkaKind: not "given", Control: { } control })
        {
            using var host = new ApiClient(control);
            return await host.SendAsync(method, "topics", new { name, partitions }) is not null;
        }

        try
        {
            if (method == HttpMethod.Post)
                await admin.CreateTopicsAsync([new TopicSpecification { Name = name, NumPartitions = partitions }]);
            else
                await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = name, IncreaseTo = partitions }]);
            return true;
        }
        catch (KafkaException e) when (e is CreateTopicsException or CreatePartitionsException)
        {
            await Console.Error.WriteLineAsync(e.Error.Reason);
            return false;
        }
    }
}

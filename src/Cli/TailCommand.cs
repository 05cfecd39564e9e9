using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using EventPlatform.Intake;
using EventStore;
using SchemaRegistry;

namespace Cli;

/// <summary><c>tail</c>: prints a topic's records, decoded.</summary>
internal static class TailCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        var topic = new Argument<string>("topic") { Description = "The topic." };
        var at = new Option<string?>("--at") { Description = "Begin at partition:offset, and read that partition only. Default: every partition from its oldest record." };
        var count = new Option<int?>("--count") { Description = "How many records at most." };
        var follow = new Option<bool>("--follow") { Description = "Wait for further records instead of ending." };
        var registry = new Option<string?>("--registry") { Description = "The address of a schema registry that knows the records' schemas. Default: that of the running system." };
        var data = Common.Data();
        var command = new Command("tail", "Prints a topic's records as lines of JSON: where each lies, its key and headers, and its content decoded.") { topic, at, count, follow, registry, data };
        command.Validators.Add(result =>
        {
            if (result.GetValue(at) is { } text && Position(text) is null)
                result.AddError($"--at '{text}' is not partition:offset, for example 0:100.");
        });
        command.SetAction((parsed, cancellationToken) => Common.WithSystemAsync(parsed.GetValue(data), system => PrintAsync(
            system, SystemAccess.Load(parsed.GetValue(data)), parsed.GetValue(registry), parsed.GetValue(topic)!, Position(parsed.GetValue(at)), parsed.GetValue(count) ?? int.MaxValue, parsed.GetValue(follow), cancellationToken)));
        return command;
    }

    private static (int Partition, long Offset)? Position(string? text) =>
        text?.Split(':') is [var p, var o] && int.TryParse(p, CultureInfo.InvariantCulture, out var partition) && long.TryParse(o, CultureInfo.InvariantCulture, out var offset)
            ? (partition, offset)
            : null;

    private static async Task<int> PrintAsync(
        Endpoints system, SystemAccess access, string? given, string topic, (int Partition, long Offset)? at, int count, bool follow, CancellationToken cancellationToken)
    {
        var registry = SystemSchemas.Open(given, system, access);
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(access.Kafka(system.Kafka!))
        {
            GroupId = "tail",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            FetchWaitMaxMs = 50,
            IsolationLevel = IsolationLevel.ReadCommitted,
            AutoOffsetReset = AutoOffsetReset.Earliest,
        }).SetLogHandler((_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        // All topics: an emulator makes the one that it is asked for.
        var partitions = admin.GetMetadata(Patience).Topics.Find(t => t.Topic == topic && !t.Error.IsError)?.Partitions.Select(p => p.PartitionId).ToArray();
        if (partitions is null)
            return Refuse($"There is no topic '{topic}'; ./dev topics lists those that are read.");
        if (at is { } start)
        {
            if (!partitions.Contains(start.Partition))
                return Refuse($"'{topic}' has no partition {start.Partition}: it has {partitions.Length}, from 0 on.");
            var end = consumer.QueryWatermarkOffsets(new TopicPartition(topic, start.Partition), Patience).High.Value;
            if (start.Offset > end)
                return Refuse($"{topic}/{start.Partition} has no offset {start.Offset}: the next one that is written is {end}.");
            partitions = [start.Partition];
        }

        consumer.Assign(partitions.Select(p => new TopicPartitionOffset(topic, p, at?.Offset ?? Offset.Beginning)));
        // An end is told again whenever records have moved it.
        var open = partitions.ToHashSet();
        while (count > 0 && open.Count > 0)
        {
            var result = consumer.Consume(cancellationToken);
            if (result.IsPartitionEOF)
            {
                if (!follow)
                    open.Remove(result.Partition.Value);
                continue;
            }

            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    partition = result.Partition.Value,
                    offset = result.Offset.Value,
                    timestamp = KafkaTime.Of(result.Message.Timestamp.UnixTimestampMs).UtcDateTime,
                    headers = result.Message.Headers is { Count: > 0 } headers
                        ? headers.GroupBy(h => h.Key).ToDictionary(h => h.Key, h => Text(h.Last().GetValueBytes()))
                        : null,
                    key = Text(result.Message.Key),
                    value = await ContentAsync(registry, result.Message.Value, cancellationToken),
                },
                EventJson.Options));
            count--;
        }

        return 0;
    }

    private static int Refuse(string message)
    {
        Console.Error.WriteLine(message);
        return 1;
    }

    private static string? Text(byte[]? utf8) => utf8 is null ? null : Encoding.UTF8.GetString(utf8);

    private static async Task<object?> ContentAsync(SystemSchemas registry, byte[]? value, CancellationToken cancellationToken)
    {
        if (value is null)
            return null;
        try
        {
            return await new AvroJson(registry).DecodeAsync(value, cancellationToken);
        }
        catch (RecordFormatException e)
        {
            return new { undecodable = e.Message, base64 = Convert.ToBase64String(value) };
        }
    }
}

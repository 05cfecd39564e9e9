using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using EventPlatform.Intake;
using EventStore;
using SchemaRegistry;
using SchemaRegistry.Registries;

namespace Cli;

/// <summary><c>tail</c>: prints a topic's records, decoded.</summary>
internal static class TailCommand
{
    public static Command Create()
    {
        var topic = new Argument<string>("topic") { Description = "The topic." };
        var at = new Option<string?>("--at") { Description = "Begin at partition:offset, and read that partition only. Default: every partition from its oldest record." };
        var count = new Option<int?>("--count") { Description = "How many records at most." };
        var follow = new Option<bool>("--follow") { Description = "Wait for further records instead of ending." };
        var data = Common.Data();
        var command = new Command("tail", "Prints a topic's records as lines of JSON: where each lies, its key and headers, and its content decoded.") { topic, at, count, follow, data };
        command.Validators.Add(result =>
        {
            if (result.GetValue(at) is { } text && Position(text) is null)
                result.AddError($"--at '{text}' is not partition:offset, for example 0:100.");
        });
        command.SetAction((parsed, cancellationToken) => Common.WithSystemAsync(parsed.GetValue(data), async system =>
        {
            await PrintAsync(
                system, parsed.GetValue(topic)!, Position(parsed.GetValue(at)), parsed.GetValue(count) ?? int.MaxValue, parsed.GetValue(follow), cancellationToken);
            return 0;
        }));
        return command;
    }

    private static (int Partition, long Offset)? Position(string? text) =>
        text?.Split(':') is [var p, var o] && int.TryParse(p, CultureInfo.InvariantCulture, out var partition) && long.TryParse(o, CultureInfo.InvariantCulture, out var offset)
            ? (partition, offset)
            : null;

    private static async Task PrintAsync(
        Endpoints system, string topic, (int Partition, long Offset)? at, int count, bool follow, CancellationToken cancellationToken)
    {
        var registry = SchemaRegistryServiceCollectionExtensions.Create(new SchemaRegistryOptions { Url = system.SchemaRegistryUrl });
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
        {
            BootstrapServers = system.Kafka,
            GroupId = "tail",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            FetchWaitMaxMs = 50,
            IsolationLevel = IsolationLevel.ReadCommitted,
            AutoOffsetReset = AutoOffsetReset.Earliest,
        }).SetLogHandler((_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var open = at is { } start ? 1 : admin.GetMetadata(topic, TimeSpan.FromSeconds(10)).Topics.Single().Partitions.Count;
        consumer.Assign(at is { } one
            ? [new TopicPartitionOffset(topic, one.Partition, one.Offset)]
            : Enumerable.Range(0, open).Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        while (count > 0 && open > 0)
        {
            var result = consumer.Consume(cancellationToken);
            if (result.IsPartitionEOF)
            {
                open -= follow ? 0 : 1;
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
    }

    private static string? Text(byte[]? utf8) => utf8 is null ? null : Encoding.UTF8.GetString(utf8);

    private static async Task<object?> ContentAsync(ISchemaRegistry registry, byte[]? value, CancellationToken cancellationToken)
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

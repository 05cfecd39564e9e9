using System.Buffers.Binary;
using System.Net;
using System.Text.Json;
using AppHost.Kafka;
using AppHost.Processes;
using AppHost.Running;
using Confluent.Kafka;
using Contracts.Records;
using SchemaRegistry;
using SchemaRegistry.Registries;
using Testing;

namespace EndToEnd.Tests;

/// <summary><c>./dev tail</c> on a topic of any schema.</summary>
public sealed class TailTests
{
    [Fact]
    public async Task A_record_of_any_schema_is_printed_with_its_own_fields_and_one_of_none_with_the_reason()
    {
        await using var broker = EmulatedKafka.Start();
        await broker.CreateTopicAsync("revenue-metrics", 1);
        var schema = (await new FolderSchemaRegistry(Path.Combine(AppContext.BaseDirectory, "schemas")).ListAsync()).Last(s => s.Subject == "revenue-metrics-value");
        using (var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = broker.BootstrapServers }).Build())
        {
            var start = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
            var metric = new RevenueMetric { WindowStart = start, WindowEnd = start.AddMinutes(5), Total = 1234.50m, Orders = 7 };
            foreach (var value in new[] { new AvroRecordEncoder<RevenueMetric>(schema).Encode(metric), [0, 1, 2], new AvroRecordEncoder<RevenueMetric>(schema).Encode(metric)[..9] })
                await producer.ProduceAsync("revenue-metrics", new() { Key = "k", Value = value });
        }

        var (exit, output) = await TailAsync(broker, "revenue-metrics");
        Assert.True(exit == 0, output);
        var lines = Records(output);
        Assert.Equal([0, 1, 2], lines.Select(l => l.GetProperty("offset").GetInt32()));
        Assert.Equal(
            """{"window_start":"2026-03-01T12:00:00+00:00","window_end":"2026-03-01T12:05:00+00:00","total":1234.50,"orders":7,"revision":0}""",
            lines[0].GetProperty("value").GetRawText());
        Assert.Contains("not Avro", lines[1].GetProperty("value").GetProperty("undecodable").GetString(), StringComparison.Ordinal);
        Assert.Contains($"{schema.Id}", lines[2].GetProperty("value").GetProperty("undecodable").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_record_of_an_applications_own_schema_is_read_by_the_running_systems_registry_or_the_one_named(bool named)
    {
        await using var broker = EmulatedKafka.Start();
        await broker.CreateTopicAsync("parcels", 1);
        const string text = """{"type":"record","name":"Parcel","fields":[{"name":"weight","type":"int"}]}""";
        var id = SchemaId.Of(text);
        var value = new byte[] { 0, 0, 0, 0, 0, 14 };
        BinaryPrimitives.WriteInt32BigEndian(value.AsSpan(1), id);
        using (var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = broker.BootstrapServers }).Build())
            await producer.ProduceAsync("parcels", new() { Value = value });
        var address = $"http://127.0.0.1:{FreePort.Any()}";
        using var registry = new HttpListener { Prefixes = { $"{address}/" } };
        registry.Start();
        var asked = registry.GetContextAsync();
        var tail = TailAsync(broker, named ? null : address, named ? ["parcels", "--registry", address] : ["parcels"]);

        var call = await asked.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.StartsWith($"/schemas/ids/{id}", call.Request.RawUrl, StringComparison.Ordinal);
        call.Response.ContentType = "application/vnd.schemaregistry.v1+json";
        call.Response.Close(JsonSerializer.SerializeToUtf8Bytes(new { schema = text }), willBlock: false);
        var (exit, output) = await tail;
        Assert.True(exit == 0, output);
        Assert.Equal("""{"weight":7}""", Records(output).Single().GetProperty("value").GetRawText());
    }

    [Fact]
    public async Task Every_partition_is_read_to_its_end_though_records_keep_coming_to_another()
    {
        await using var broker = EmulatedKafka.Start();
        await broker.CreateTopicAsync("busy", 2);
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = broker.BootstrapServers }).Build();
        // One by one, and from far away: each takes a fetch of its own.
        for (var i = 0; i < 30; i++)
            await producer.ProduceAsync(new TopicPartition("busy", 1), new() { Value = [0] });
        broker.SetRoundTripTime(TimeSpan.FromMilliseconds(50));
        using var enough = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            for (; !enough.IsCancellationRequested; await Task.Delay(100))
                await producer.ProduceAsync(new TopicPartition("busy", 0), new() { Value = [0] });
        });

        var (exit, output) = await TailAsync(broker, "busy");
        await enough.CancelAsync();
        await writing;
        Assert.True(exit == 0, output);
        Assert.Equal(30, Records(output).Count(r => r.GetProperty("partition").GetInt32() == 1));
    }

    [Theory]
    [InlineData("There is no topic 'no-such-topic'", "no-such-topic")]
    [InlineData("'short' has no partition 7", "short", "--at", "7:0")]
    [InlineData("short/0 has no offset 999999: the next one that is written is 1", "short", "--at", "0:999999")]
    public async Task What_is_not_there_is_said_and_nothing_else_is_printed(string said, params string[] arguments)
    {
        await using var broker = EmulatedKafka.Start();
        await broker.CreateTopicAsync("short", 1);
        using (var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = broker.BootstrapServers }).Build())
            await producer.ProduceAsync("short", new() { Value = [0] });
        var (exit, output) = await TailAsync(broker, arguments);
        Assert.StartsWith(said, output, StringComparison.Ordinal);
        Assert.Equal((1, 1), (exit, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
    }

    private static Task<(int Exit, string Output)> TailAsync(EmulatedKafka broker, params string[] arguments) => TailAsync(broker, null, arguments);

    private static async Task<(int Exit, string Output)> TailAsync(EmulatedKafka broker, string? registry, string[] arguments)
    {
        var folder = Directory.CreateDirectory(TestFolder.New()).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "endpoints.json"), JsonSerializer.Serialize(new { kafka = broker.BootstrapServers, registry }));
        await using var tail = await OwnedProcess.StartAsync("tail", Programs.Command("Cli", ["tail", .. arguments, "--data", folder]), Path.Combine(folder, "tail.log"));
        var exit = await tail.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (exit, await File.ReadAllTextAsync(tail.LogFile, TestContext.Current.CancellationToken));
    }

    private static JsonElement[] Records(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
}

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
        var folder = Directory.CreateDirectory(TestFolder.New()).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "endpoints.json"), JsonSerializer.Serialize(new { kafka = broker.BootstrapServers }));
        var schema = (await new FolderSchemaRegistry(Path.Combine(AppContext.BaseDirectory, "schemas")).ListAsync()).Last(s => s.Subject == "revenue-metrics-value");
        using (var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = broker.BootstrapServers }).Build())
        {
            var start = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
            var metric = new RevenueMetric { WindowStart = start, WindowEnd = start.AddMinutes(5), Total = 1234.50m, Orders = 7 };
            foreach (var value in new[] { new AvroRecordEncoder<RevenueMetric>(schema).Encode(metric), [0, 1, 2], new AvroRecordEncoder<RevenueMetric>(schema).Encode(metric)[..9] })
                await producer.ProduceAsync("revenue-metrics", new() { Key = "k", Value = value });
        }

        await using var tail = await OwnedProcess.StartAsync("tail", Programs.Command("Cli", "tail", "revenue-metrics", "--data", folder), Path.Combine(folder, "tail.log"));
        Assert.Equal(0, await tail.WaitForExitAsync(TestContext.Current.CancellationToken));
        var lines = (await File.ReadAllLinesAsync(tail.LogFile, TestContext.Current.CancellationToken)).Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        Assert.Equal([0, 1, 2], lines.Select(l => l.GetProperty("offset").GetInt32()));
        Assert.Equal(
            """{"window_start":"2026-03-01T12:00:00+00:00","window_end":"2026-03-01T12:05:00+00:00","total":1234.50,"orders":7,"revision":0}""",
            lines[0].GetProperty("value").GetRawText());
        Assert.Contains("not Avro", lines[1].GetProperty("value").GetProperty("undecodable").GetString(), StringComparison.Ordinal);
        Assert.Contains($"{schema.Id}", lines[2].GetProperty("value").GetProperty("undecodable").GetString(), StringComparison.Ordinal);
    }
}

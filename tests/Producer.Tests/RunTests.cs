using AppHost.Processes;
using Testing;
using Testing.Kafka;
using Testing.Registry;

[assembly: AssemblyFixture(typeof(KafkaBrokers))]
[assembly: AssemblyFixture(typeof(RegistryServer))]

namespace Producer.Tests;

public sealed class RunTests(KafkaBrokers brokers, RegistryServer registry)
{
    private readonly string _topic = $"topic-{Guid.NewGuid():N}";

    [Theory, BrokerData]
    public async Task What_is_reported_is_what_lies_on_the_topic(BrokerKind kind)
    {
        var bootstrap = (await brokers.GetAsync(kind)).BootstrapServers;
        using var run = await ProducerProcess.RunAsync(
            "--bootstrap", bootstrap, "--topic", _topic, "--events", "1000", "--rate", "max", "--duplicates", "20", "--poison", "10", "--seed", "5", "--json");
        await run.ExpectExitAsync(0);

        var records = TopicContents.Read(bootstrap, _topic);
        Assert.Equal(1_030, records.Count);
        Assert.Equal((1_000, 20, 10, 1_030),
            (Number("user_events"), Number("duplicates"), Number("poison"), Number("acknowledged")));
        var expected = Sources.Run(Sources.Create(5, transactions: 0, duplicates: 20, poison: 10, users: 1_000), 1_000);
        Assert.Equal(
            expected.Select(r => $"{r.Key} {Convert.ToHexString(r.Value)}").Order(StringComparer.Ordinal),
            records.Select(r => $"{r.Message.Key} {Convert.ToHexString(r.Message.Value)}").Order(StringComparer.Ordinal));
        Assert.Equal(4, TopicContents.Partitions(bootstrap, _topic).Count);
        Assert.All(records.Where(r => r.Message.Key is not null).GroupBy(r => r.Message.Key), key => Assert.Single(key.Select(r => r.Partition.Value).Distinct()));

        int Number(string name) => run.Summary.GetProperty(name).GetInt32();
    }

    [Theory, BrokerData]
    public async Task Stopped_by_Ctrl_C_it_flushes_and_reports_what_it_sent(BrokerKind kind)
    {
        var bootstrap = (await brokers.GetAsync(kind)).BootstrapServers;
        using var run = new ProducerProcess("--bootstrap", bootstrap, "--topic", _topic, "--rate", "2000/sec", "--json");
        await Eventually.Async(() => TopicContents.Count(bootstrap, _topic) > 0, TimeSpan.FromSeconds(60), "the producer sends");
        run.Signal(PosixSignalNumber.Int);
        await run.ExpectExitAsync(130);
        Assert.Equal((run.Summary.GetProperty("sent").GetInt64(), 0L), (TopicContents.Count(bootstrap, _topic), run.Summary.GetProperty("failed").GetInt64()));
    }

    [Theory, BrokerData]
    public async Task Each_record_begins_a_trace_unless_told_otherwise(BrokerKind kind)
    {
        var bootstrap = (await brokers.GetAsync(kind)).BootstrapServers;
        using var traced = await ProducerProcess.RunAsync("--bootstrap", bootstrap, "--topic", _topic, "--events", "5", "--rate", "1000/sec", "--json");
        Assert.All(TopicContents.Read(bootstrap, _topic), r => Assert.True(r.Message.Headers.TryGetLastBytes("traceparent", out _)));
        using var plain = await ProducerProcess.RunAsync("--bootstrap", bootstrap, "--topic", _topic + "-plain", "--events", "5", "--rate", "max", "--json");
        Assert.All(TopicContents.Read(bootstrap, _topic + "-plain"), r => Assert.Empty(r.Message.Headers));
    }

    [Theory]
    [InlineData("--rate", "fast", "--rate 'fast' is not a rate")]
    [InlineData("--duration", "5 days", "--duration '5 days' is not a duration")]
    [InlineData("--poison", "1001", "--poison is per mille")]
    [InlineData("--events", "0", "--events must be at least 1")]
    [InlineData("--nothing", "0", "--nothing")]
    [InlineData("--heed-lag", "10", "--heed-lag asks the running system")]
    [InlineData("--bootstrap", "127.0.0.1:1", "Kafka at 127.0.0.1:1 does not take the topics user-events: Local: Broker transport failure")]
    public async Task Wrong_options_end_with_2_and_say_which(string option, string value, string message)
    {
        string[] broker = option == "--bootstrap" ? [] : ["--bootstrap", "127.0.0.1:1"];
        using var run = await ProducerProcess.RunAsync([.. broker, option, value]);
        await run.ExpectExitAsync(2);
        Assert.Contains(message, run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_broker_it_asks_the_running_systems_data_folder()
    {
        var folder = Directory.CreateTempSubdirectory("data-").FullName;
        var bootstrap = (await brokers.GetAsync(BrokerKind.Emulator)).BootstrapServers;
        await File.WriteAllTextAsync(Path.Combine(folder, "endpoints.json"), $$"""{"kafka":"{{bootstrap}}","silo_pids":[1]}""");
        using var run = await ProducerProcess.RunAsync("--data", folder, "--topic", _topic, "--events", "10", "--rate", "max", "--json");
        await run.ExpectExitAsync(0);
        Assert.Equal(10, TopicContents.Count(bootstrap, _topic));
        using var lost = await ProducerProcess.RunAsync("--data", Path.Combine(folder, "none"));
        await lost.ExpectExitAsync(2);
        Assert.Contains("There is no Kafka to send to", lost.Errors, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_the_brokers_want_of_a_client_is_read_from_the_systems_settings()
    {
        var folder = Directory.CreateTempSubdirectory("data-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "endpoints.json"), """{"kafka":"127.0.0.1:1"}""");
        await File.WriteAllTextAsync(Path.Combine(folder, "settings.json"), """{"Kafka":{"Client":{"security.protocl":"SSL"}}}""");
        using var run = await ProducerProcess.RunAsync("--data", folder);
        await run.ExpectExitAsync(2);
        Assert.Contains("Kafka:Client does not fit: No such configuration property: \"security.protocl\"", run.Errors, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [RegistryFact]
    public async Task With_a_registry_its_records_carry_the_registrys_id()
    {
        var bootstrap = (await brokers.GetAsync(BrokerKind.Emulator)).BootstrapServers;
        var url = (await registry.GetUrlAsync()).ToString();
        using var run = await ProducerProcess.RunAsync("--bootstrap", bootstrap, "--registry", url, "--topic", _topic, "--events", "3", "--rate", "max");
        await run.ExpectExitAsync(0);
        var known = SchemaRegistry.SchemaRegistryServiceCollectionExtensions.Create(new SchemaRegistry.SchemaRegistryOptions { Url = url, Folder = "nowhere" });
        var registered = Assert.Single(await known.ListAsync(), s => s.Subject == $"{_topic}-value");
        Assert.InRange(registered.Id, 1, 1_000);
        Assert.All(TopicContents.Read(bootstrap, _topic), r => Assert.Equal(registered.Id, SchemaRegistry.WireFormat.TryReadSchemaId(r.Message.Value)));
    }
}

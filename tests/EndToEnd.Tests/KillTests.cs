using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using AppHost.Kafka;
using AppHost.Processes;
using AppHost.Running;
using Npgsql;
using Testing;
using Testing.Kafka;
using Testing.Postgres;

namespace EndToEnd.Tests;

/// <summary>The shop in processes of its own, killed while records are on their way; the audit judges, from outside.</summary>
public sealed class KillTests(KafkaBrokers brokers, PostgresServer postgres)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly string _folder = Directory.CreateDirectory(TestFolder.New()).FullName;

    [Theory, BrokerData]
    public async Task Killed_with_records_in_flight_every_record_still_has_exactly_one_trace(BrokerKind kind)
    {
        await using var broker = await brokers.StartOwnAsync(kind);
        var database = await postgres.CreateDatabaseAsync();
        var (http, siloPort, gateway) = (FreePort.Any(), FreePort.Any(), FreePort.Any());
        var silo = await StartSiloAsync();
        var producer = await StartAsync(
            "Producer", [], "--bootstrap", broker.BootstrapServers, "--events", "6000", "--rate", "600/sec", "--transactions", "200", "--duplicates", "20",
            "--poison", "10", "--users", "200", "--seed", "11", "--json");
        for (var kill = 1; kill <= 2; kill++)
        {
            var lag = await Eventually.Async(() => LagAsync(http), lag => lag > 0, Patience, "records are in flight");
            TestContext.Current.TestOutputHelper?.WriteLine($"kill {kill}: lag {lag}");
            await silo.KillAsync();
            silo = await StartSiloAsync();
        }

        Assert.Equal(0, await producer.WaitForExitAsync(TestContext.Current.CancellationToken));
        var sent = JsonDocument.Parse(await File.ReadAllTextAsync(producer.LogFile, TestContext.Current.CancellationToken)).RootElement;

        var audit = await AuditAsync(broker, database, exit: 0);
        Assert.Equal(
            (sent.GetProperty("acknowledged").GetInt64(), sent.GetProperty("duplicates").GetInt64(), sent.GetProperty("poison").GetInt64()),
            (Number(audit, "read"), Number(audit, "duplicate"), Number(audit, "dead")));

        // An audit that finds nothing proves nothing unless it would have found something.
        await ExecuteAsync(database, "update streaming.mt_events set data = jsonb_set(data, '{page}', '\"/forged\"') where seq_id = (select min(seq_id) from streaming.mt_events where type = 'user-page-viewed')");
        Assert.True(Number(await AuditAsync(broker, database, exit: 1), "differing") >= 1);
        await silo.DisposeAsync();

        // On the same ports: the next one then knows at once that the one before is dead.
        Task<OwnedProcess> StartSiloAsync() => StartAsync(
            "Silo",
            new()
            {
                ["ConnectionStrings__Postgres"] = database,
                ["Kafka__BootstrapServers"] = broker.BootstrapServers,
                ["Kafka__Incarnation"] = broker.Incarnation,
                ["Kafka__CreateMissingTopics"] = "true",
                ["Silo__Port"] = Text(siloPort),
                ["Silo__GatewayPort"] = Text(gateway),
                ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{Text(http)}",
            });
    }

    private Task<OwnedProcess> StartAsync(string program, Dictionary<string, string?> environment, params string[] arguments) => OwnedProcess.StartAsync(
        program, Programs.Command(program, arguments), Path.Combine(_folder, $"{program}-{Guid.NewGuid():N}.log"), environment);

    private static async Task<long> LagAsync(int port)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var streams = await client.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{Text(port)}/streams");
        return streams.GetProperty("partitions").EnumerateArray().Sum(p => p.GetProperty("lag").ValueKind == JsonValueKind.Number ? p.GetProperty("lag").GetInt64() : 0);
    }

    private async Task<JsonElement> AuditAsync(IKafkaBroker broker, string database, int exit)
    {
        await using var audit = await StartAsync(
            "Cli", [], "audit", "--bootstrap", broker.BootstrapServers, "--postgres", database, "--wait", Text((int)Patience.TotalSeconds), "--json");
        var code = await audit.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(code == exit, $"The audit ended with {code}, not {exit}: {audit.LogTail()}");
        return JsonDocument.Parse(await File.ReadAllTextAsync(audit.LogFile, TestContext.Current.CancellationToken)).RootElement;
    }

    private static async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        Assert.Equal(1, await command.ExecuteNonQueryAsync());
    }

    private static long Number(JsonElement audit, string name) => audit.GetProperty(name).GetInt64();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AppHost.Kafka;
using AppHost.Processes;
using AppHost.Running;
using Npgsql;
using Testing;
using Testing.Postgres;

namespace EndToEnd.Tests.Certificates;

/// <summary>A shop that has taken records and commands and is at rest: its silo and API have ended, its broker and database are there to be audited.</summary>
internal sealed class CertifiedShop(IKafkaBroker broker, PostgresServer postgres, string database, Uri? registry) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string Folder = Directory.CreateDirectory(TestFolder.New()).FullName;

    /// <summary>What the producer says that it sent.</summary>
    public JsonElement Sent { get; private set; }

    /// <summary>What <c>GET /audits</c> said of the first certificate.</summary>
    public JsonElement Audits { get; private set; }

    /// <summary>The certificate of the shop.</summary>
    public string Certificate { get; } = Path.Combine(Folder, $"{Guid.NewGuid():N}.json");

    /// <summary>Runs the shop until all is read, and certifies it: where schemas are in a registry, with the API's address alone.</summary>
    public static async Task<CertifiedShop> RunAsync(IKafkaBroker broker, PostgresServer postgres, Uri? registry = null)
    {
        await ShopTopics.CreateAsync(broker, 4);
        var shop = new CertifiedShop(broker, postgres, await postgres.CreateDatabaseAsync(), registry);
        var (silo, api) = (await shop.StartAsync("Silo", FreePort.Any()), FreePort.Any());
        await using (silo)
        await using (await shop.StartAsync("Api", api))
        {
            await using var producer = await OwnedProcess.StartAsync(
                "Producer", Programs.Command("Producer", ["--bootstrap", broker.BootstrapServers, "--events", "3000", "--rate", "max", "--transactions", "300",
                    "--duplicates", "30", "--poison", "15", "--users", "150", "--seed", "7", "--json", .. registry is null ? (string[])[] : ["--registry", registry.ToString()]]), shop.LogFile);
            Assert.Equal(0, await producer.WaitForExitAsync());
            shop.Sent = JsonDocument.Parse(await File.ReadAllTextAsync(producer.LogFile)).RootElement;

            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Text(api)}") };
            await Eventually.Async(async () => (await http.GetAsync("health/ready")).IsSuccessStatusCode, Patience, "the API is ready");
            for (var i = 0; i < 5; i++)
                await DepositAsync(http, $"cash-{Text(i)}");
            var (exit, output) = await shop.AuditAsync(database: null, ["--bootstrap", broker.BootstrapServers, "--wait", "120", "--certificate", shop.Certificate,
                .. registry is null ? (string[])[] : ["--api", http.BaseAddress.ToString()]]);
            Assert.True(exit == 0, output);
            shop.Audits = await http.GetFromJsonAsync<JsonElement>("audits");
        }

        return shop;
    }

    /// <summary>A copy of the database in which something was changed by hand.</summary>
    public async Task<string> TamperedAsync(params string[] changes)
    {
        NpgsqlConnection.ClearAllPools();
        var copy = await postgres.CreateDatabaseAsync(new NpgsqlConnectionStringBuilder(database).Database!);
        await using var connection = new NpgsqlConnection(copy + ";Pooling=false");
        await connection.OpenAsync();
        foreach (var sql in changes)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            Assert.True(await command.ExecuteNonQueryAsync() >= 1, $"Nothing was changed by: {sql}");
        }

        return copy;
    }

    /// <summary>Audits the shop, or a copy of it.</summary>
    public async Task<(int Exit, string Output)> AuditAsync(string? database, params string[] arguments)
    {
        await using var audit = await OwnedProcess.StartAsync(
            "Cli", Programs.Command("Cli", ["audit", "--postgres", (database ?? Database) + ";Pooling=false", .. arguments]), LogFile);
        var exit = await audit.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (exit, await File.ReadAllTextAsync(audit.LogFile));
    }

    public Task<(int Exit, string Output)> PlainAuditAsync(string? database, params string[] arguments) =>
        AuditAsync(database, ["--bootstrap", broker.BootstrapServers, "--wait", "1", .. arguments]);

    public Task<(int Exit, string Output)> VerifyAsync(string? database = null, string? certificate = null) =>
        AuditAsync(database, "--verify", certificate ?? Certificate);

    public async Task<(int Exit, string Output)> CertifyAsync(string database) => await AuditAsync(
        database, "--bootstrap", broker.BootstrapServers, "--wait", "1", "--certificate", Path.Combine(Folder, $"{Guid.NewGuid():N}.json"));

    public ValueTask DisposeAsync() => broker.DisposeAsync();

    // As a client should: a 503 says that it may have happened, and the same key makes the second try the first one's.
    private static async Task DepositAsync(HttpClient http, string account)
    {
        var (status, body) = await Eventually.Async(async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"accounts/{account}/deposits") { Content = JsonContent.Create(new { amount = 10m, currency = "EUR" }) };
            request.Headers.Add("Idempotency-Key", $"deposit-{account}");
            using var response = await http.SendAsync(request);
            return (response.StatusCode, Body: await response.Content.ReadAsStringAsync());
        }, answer => answer.StatusCode != HttpStatusCode.ServiceUnavailable, Patience, $"the deposit to {account} is answered");
        Assert.True((int)status is >= 200 and < 300, $"{status} {body}");
    }

    private string Database => database;

    private string LogFile => Path.Combine(Folder, $"{Guid.NewGuid():N}.log");

    private Task<OwnedProcess> StartAsync(string program, int http) => OwnedProcess.StartAsync(
        program, Programs.Command(program), LogFile, new Dictionary<string, string?>
        {
            ["ConnectionStrings__Postgres"] = database,
            ["Kafka__BootstrapServers"] = broker.BootstrapServers,
            ["Kafka__Incarnation"] = broker.Incarnation,
            ["Kafka__CreateMissingTopics"] = "true",
            ["SchemaRegistry__Url"] = registry?.ToString(),
            ["Silo__Port"] = Text(FreePort.Any()),
            ["Silo__GatewayPort"] = Text(FreePort.Any()),
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{Text(http)}",
        });

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AppHost.Kafka;
using AppHost.Processes;
using AppHost.Running;
using Testing;
using Testing.Postgres;

namespace EndToEnd.Tests;

/// <summary>samples/Orders as its README says: a process of its own beside a running system, used over HTTP.</summary>
public sealed class OrdersSampleTests(PostgresServer postgres)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task An_application_of_ones_own_takes_orders_serves_its_projection_and_carries_out_commands()
    {
        await using var kafka = EmulatedKafka.Start();
        await kafka.CreateTopicAsync("orders", 2);
        await kafka.CreateTopicAsync("orders-dead-letters", 1);
        await using var sample = await StartAsync(new { kafka = kafka.BootstrapServers, kafka_incarnation = kafka.Incarnation, postgres = await postgres.CreateDatabaseAsync() });
        await Eventually.Async(sample.IsReadyAsync, Patience, "the sample is ready");

        using (var placed = await sample.PostAsync("events/orders", """[{"orderId":"1","type":"PLACE","amount":9.50,"at":"2026-01-31T12:00:00Z"},{"orderId":"2","type":"place","amount":1,"at":"2026-01-31T13:00:00Z"}]"""))
            Assert.Equal(HttpStatusCode.Accepted, placed.StatusCode);
        var day = await Eventually.Async(() => sample.GetAsync("projections/orders-by-day/2026-01-31"),
            d => d?.GetProperty("document").GetProperty("count").GetInt32() == 2, Patience, "both orders are in the projection");
        Assert.Equal(10.50m, day!.Value.GetProperty("document").GetProperty("total").GetDecimal());
        Assert.True((await sample.GetAsync("orders/1"))!.Value.GetProperty("open").GetBoolean());

        Assert.Equal("accepted", await sample.CancelAsync("1"));
        Assert.False((await sample.GetAsync("orders/1"))!.Value.GetProperty("open").GetBoolean());
        Assert.Equal("rejected", await sample.CancelAsync("1"));

        using (var wrong = await sample.PostAsync("events/orders", """{"orderId":"","type":"LOSE","amount":"much"}"""))
        {
            Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
            Assert.Equal(["amount", "at", "type"], (await wrong.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("errors").EnumerateObject().Select(e => e.Name).Order(StringComparer.Ordinal));
        }

        Assert.Empty((await sample.GetAsync("dead-letters"))!.Value.GetProperty("items").EnumerateArray());
        Assert.Empty((await sample.GetAsync("jobs"))!.Value.GetProperty("items").EnumerateArray());
        Assert.Contains((await sample.GetAsync("topics"))!.Value.GetProperty("items").EnumerateArray(), t => t.GetProperty("name").GetString() == "orders");
        Assert.Equal("healthy", (await sample.GetAsync("health/ready"))!.Value.GetProperty("status").GetString());
        Assert.Contains((await sample.GetAsync("streams"))!.Value.GetProperty("partitions").EnumerateArray(), p => p.GetProperty("topic").GetString() == "orders");
        Assert.Contains("api_ingest_records", await sample.Http.GetStringAsync("metrics"), StringComparison.Ordinal);
        using var dashboard = await sample.Http.GetAsync("dashboard");
        Assert.Equal(HttpStatusCode.OK, dashboard.StatusCode);
    }

    [Fact]
    public async Task Without_a_running_system_it_says_how_to_start_one()
    {
        var (folder, log) = (TestFolder.New(), Path.Combine(Directory.CreateDirectory(TestFolder.New()).FullName, "sample.log"));
        await using var sample = await OwnedProcess.StartAsync("sample", [Programs.Dotnet, Program(), "--system", folder], log);
        Assert.Equal(1, await sample.WaitForExitAsync(TestContext.Current.CancellationToken));
        var said = await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken);
        Assert.StartsWith("The application cannot start", said, StringComparison.Ordinal);
        Assert.Contains("./dev up --no-demo --detach", said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
    }

    private static async Task<Sample> StartAsync(object endpoints)
    {
        var folder = Directory.CreateDirectory(TestFolder.New()).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "endpoints.json"), JsonSerializer.Serialize(endpoints));
        var url = $"http://127.0.0.1:{FreePort.Any()}";
        string[] command = [Programs.Dotnet, Program(), "--system", folder, "--Urls", url, $"--Silo:Port={FreePort.Any()}", $"--Silo:GatewayPort={FreePort.Any()}"];
        return new Sample(await OwnedProcess.StartAsync("sample", command, Path.Combine(folder, "sample.log")), url);
    }

    /// <summary>As it was built: its output lies like ours.</summary>
    private static string Program()
    {
        var here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        var (framework, configuration) = (Path.GetFileName(here), Path.GetFileName(Path.GetDirectoryName(here)!));
        return Path.GetFullPath(Path.Combine(here, "../../../../..", "samples", "Orders", "bin", configuration, framework, "Orders.dll"));
    }

    private sealed class Sample(OwnedProcess process, string url) : IAsyncDisposable
    {
        public HttpClient Http { get; } = new() { BaseAddress = new Uri(url + "/") };

        public async Task<bool> IsReadyAsync()
        {
            Assert.False(process.HasExited, await File.ReadAllTextAsync(process.LogFile));
            try
            {
                return (await GetAsync("health/ready"))?.GetProperty("status").GetString() == "healthy";
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }

        /// <summary>The answer, or null when there is none.</summary>
        public async Task<JsonElement?> GetAsync(string path)
        {
            using var response = await Http.GetAsync(path);
            return response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync<JsonElement>() : null;
        }

        public Task<HttpResponseMessage> PostAsync(string path, string json) => Http.PostAsync(path, new StringContent(json, System.Text.Encoding.UTF8, "application/json"));

        public async Task<string?> CancelAsync(string order)
        {
            using var response = await Http.PostAsync($"orders/{order}/cancel?why=changed", null);
            return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("outcome").GetString();
        }

        public async ValueTask DisposeAsync()
        {
            Http.Dispose();
            await process.DisposeAsync();
        }
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Api.Live;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Testing;
using static Api.Tests.Calls;

namespace Api.Tests.Live;

public sealed class LiveTests(ShopSystem system)
{
    [Fact]
    public async Task A_client_gets_the_history_and_then_snapshots_that_show_new_events()
    {
        var id = NewId("u");
        using var feed = await FeedReader.OpenAsync(system.Http);
        Assert.Equal("history", (await feed.NextAsync()).Name);

        // The page shows the eight users who were touched last, and other tests touch theirs.
        var times = 0;
        var (_, snapshot) = await Eventually.Async(
            async () =>
            {
                await (await system.Http.SendJsonAsync(HttpMethod.Put, $"/users/{id}/profile", $$"""{"name":"Ada {{++times}}"}""")).OkAsync();
                return await feed.NextAsync();
            },
            e => e.Data.TryGetProperty("users", out var users) && users.EnumerateArray().Any(u => u.Text("id") == id), ShopSystem.Deadline, "the snapshot shows it");
        Assert.Equal(1, snapshot.GetProperty("silos").GetInt32());
        Assert.Equal(["account-domain-events", "quick-refunds-inputs", "transactions", "user-events"], snapshot.GetProperty("topics").EnumerateArray().Select(t => t.Text("name")!));
        Assert.Contains(snapshot.GetProperty("projections").EnumerateArray(), p => p.Text("name") == "user-profiles");
        Assert.Empty(snapshot.GetProperty("problems").EnumerateArray());
    }

    [Fact]
    public async Task Windows_are_shown_while_records_fall_into_them_and_jobs_with_their_state()
    {
        var page = NewId("/p");
        using var feed = await FeedReader.OpenAsync(system.Http);
        await (await system.Http.PostAsync("/events", JsonSerializer.Serialize(Enumerable.Range(0, 50).Select(_ => new { userId = "u", eventType = "PAGE_VIEW", pageUrl = page })))).OkAsync();

        // What is said of jobs is up to two seconds older than their windows.
        var snapshot = await feed.UntilAsync(s => Windows(s, "top-pages").Any(w => w.Text("key") == page)
            && s.TryGetProperty("jobs", out var jobs) && jobs.EnumerateArray().Any(j => j.Text("name") == "top-pages" && j.Text("state") == "running"));
        var seen = Windows(snapshot, "top-pages").Single(w => w.Text("key") == page);
        Assert.True(seen.GetProperty("open").GetBoolean());
        Assert.InRange(seen.GetProperty("value").GetProperty("c").GetInt32(), 1, 50);

        static IEnumerable<JsonElement> Windows(JsonElement snapshot, string job) =>
            snapshot.TryGetProperty("windows", out var windows) ? windows.GetProperty(job).EnumerateArray() : [];
    }

    [Fact]
    public async Task A_stalled_client_is_let_go_and_another_misses_nothing_of_it()
    {
        var clients = system.Api.Services.GetRequiredService<LiveClients>();
        using var reading = await FeedReader.OpenAsync(system.Http);
        await reading.NextAsync();
        var before = clients.Count;

        using var stalled = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 1024 };
        await stalled.ConnectAsync(IPAddress.Loopback, system.Api.Address.Port);
        await stalled.SendAsync(Encoding.ASCII.GetBytes("GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        await Eventually.Async(() => clients.Count > before, ShopSystem.Deadline, "the stalled client has joined");
        await Eventually.Async(() => clients.Count <= before, ShopSystem.Deadline, "the stalled client is let go");

        Assert.Equal("snapshot", (await reading.NextAsync()).Name);
    }

    [Fact]
    public void A_full_buffer_costs_only_its_own_client()
    {
        var clients = new LiveClients(Options.Create(new LiveOptions()), NullLogger<LiveClients>.Instance);
        var slow = clients.TryAdd([0])!;
        var quick = clients.TryAdd([0])!;
        var read = 0;
        for (var i = 0; i < 3 * LiveClients.BufferedMessages; i++)
        {
            clients.Broadcast([1]);
            while (quick.Messages.TryRead(out _))
                read++;
        }

        Assert.True(slow.Dropped.IsCancellationRequested);
        Assert.False(quick.Dropped.IsCancellationRequested);
        Assert.Equal((3 * LiveClients.BufferedMessages) + 1, read);
        Assert.Equal(1, clients.Count);
    }

    [Fact]
    public void There_are_never_more_clients_than_allowed()
    {
        var clients = new LiveClients(Options.Create(new LiveOptions { MaxLiveClients = 2 }), NullLogger<LiveClients>.Instance);
        var first = clients.TryAdd([0])!;
        Assert.NotNull(clients.TryAdd([0]));
        Assert.Null(clients.TryAdd([0]));
        clients.Remove(first);
        Assert.NotNull(clients.TryAdd([0]));
    }

    [Fact]
    public void A_rate_is_that_of_its_window_and_a_counter_that_goes_back_starts_over()
    {
        var meter = new RateMeter(TimeSpan.FromSeconds(2));
        var at = DateTimeOffset.UnixEpoch;
        Assert.Null(meter.Add(at, 100));
        Assert.Equal(50, meter.Add(at.AddSeconds(1), 150));
        Assert.Equal(100, meter.Add(at.AddSeconds(2), 300));
        Assert.Null(meter.Add(at.AddSeconds(3), 5));
        Assert.Equal(10, meter.Add(at.AddSeconds(4), 15));
    }

    /// <summary>Reads server-sent events as a browser does.</summary>
    private sealed class FeedReader(HttpResponseMessage response, StreamReader reader) : IDisposable
    {
        public static async Task<FeedReader> OpenAsync(HttpClient http)
        {
            var response = await http.GetAsync("/live", HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
            return new FeedReader(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
        }

        public async Task<(string Name, JsonElement Data)> NextAsync()
        {
            using var limit = new CancellationTokenSource(ShopSystem.Deadline);
            var name = (await reader.ReadLineAsync(limit.Token))!;
            var data = (await reader.ReadLineAsync(limit.Token))!;
            Assert.Equal("", await reader.ReadLineAsync(limit.Token));
            return (name["event: ".Length..], JsonSerializer.Deserialize<JsonElement>(data["data: ".Length..]));
        }

        public async Task<JsonElement> UntilAsync(Func<JsonElement, bool> wished) =>
            (await Eventually.Async(NextAsync, e => e.Name == "snapshot" && wished(e.Data), ShopSystem.Deadline, "the snapshot shows it")).Data;

        public void Dispose()
        {
            reader.Dispose();
            response.Dispose();
        }
    }
}

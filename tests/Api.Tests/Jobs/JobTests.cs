using System.Globalization;
using System.Net;
using System.Text.Json;
using Grains.Jobs;
using Npgsql;
using Testing;
using static Api.Tests.Calls;

namespace Api.Tests.Jobs;

/// <summary>Jobs over HTTP. The system is shared, so each test has keys of its own, and a job that is paused or drained is no other test's.</summary>
public sealed class JobTests(ShopSystem system)
{
    private HttpClient Http => system.Http;

    [Fact]
    public async Task Every_job_is_listed_with_its_window_and_state()
    {
        var jobs = (await Http.GetJsonAsync("/jobs")).Items();
        var all = ShopJobs.All.SelectMany(j => j.Feeders.Prepend(j)).OrderBy(j => j.Name, StringComparer.Ordinal).ToArray();
        Assert.Equal(all.Select(j => (j.Name, j.Topic)), jobs.Select(j => (j.Text("job")!, j.Text("topic")!)));
        Assert.Equal(["user-events", "transactions"], all.Where(j => j.Name is "quick-refunds-left" or "quick-refunds-right").Select(j => j.Topic));
        Assert.Contains(jobs, j => j.Text("job") == "user-sessions" && j.Text("window")!.Contains("00:00:30", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/results")]
    [InlineData("/checkpoints")]
    [InlineData("/exceptions")]
    public async Task A_job_that_is_not_there_is_not_found(string part) =>
        await (await Http.GetAsync($"/jobs/nothing{part}")).ProblemAsync(HttpStatusCode.NotFound);

    [Fact]
    public async Task Every_wrong_parameter_of_results_is_named_at_once() =>
        Assert.Equal(["cursor", "from", "limit", "state", "to"],
            await (await Http.GetAsync("/jobs/revenue/results?state=shut&from=yesterday&to=3&limit=0&cursor=abc")).ErrorsAsync());

    [Fact]
    public async Task A_lake_is_written_anew_when_it_is_asked_for_and_a_job_without_one_says_so()
    {
        Assert.Equal(HttpStatusCode.Accepted, (await Http.PostAsync("/jobs/revenue/lake/rewrite", "{}", who: "tester")).StatusCode);
        Assert.Contains("ToLake()", (await (await Http.PostAsync("/jobs/top-pages/lake/rewrite", "{}")).ProblemAsync(HttpStatusCode.Conflict)).Text("detail"), StringComparison.Ordinal);
        await (await Http.PostAsync("/jobs/nothing/lake/rewrite", "{}")).ProblemAsync(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_window_can_be_read_while_it_is_open()
    {
        var user = NewId("u");
        await SendAsync(user, DateTimeOffset.UtcNow, "CLICK", "CLICK", "LOGIN");

        var open = await Eventually.Async(
            () => ResultsAsync($"user-engagement/results?key={user}&state=open"), rows => rows.Length > 0 && rows.All(r => Count(r) == 3), ShopSystem.Deadline, "all three are seen");
        Assert.Equal(3, open.Length); // a quarter of an hour, every five minutes
        Assert.All(open, r => Assert.Equal(("open", user, 2), (r.Text("state"), r.Text("k"), r.GetProperty("types").GetInt32())));
        Assert.All(open, r => Assert.Equal(TimeSpan.FromMinutes(15), Time(r, "we") - Time(r, "ws")));
        Assert.Empty(await ResultsAsync($"user-engagement/results?key={user}&state=final"));
    }

    [Fact]
    public async Task Open_windows_are_paged_as_closed_ones_are_and_the_lines_are_the_same_rows()
    {
        var page = NewId("/p");
        await Task.WhenAll(Enumerable.Range(0, 7).Select(i => SendAsync(NewId("u"), DateTimeOffset.UtcNow, [.. Enumerable.Repeat("PAGE_VIEW", i + 1)], page + i)));
        await Eventually.Async(async () => (await RowsAsync()).Sum(Count) == 28, ShopSystem.Deadline, "all views are seen");

        Assert.Equal(7, (await RowsAsync()).Select(r => r.Text("k")).Distinct().Count());
        await Eventually.Async( // a window that closes between two pages moves
            async () => Mine(await Http.AllPagesAsync("/jobs/top-pages/results", 2)).Select(r => r.Text("k")).SequenceEqual((await RowsAsync()).Select(r => r.Text("k"))),
            ShopSystem.Deadline, "pages and lines are the same rows");

        async Task<JsonElement[]> RowsAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/jobs/top-pages/results");
            request.Headers.Add("Accept", "application/x-ndjson");
            using var response = await Http.SendAsync(request);
            Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.MediaType);
            return Mine((await response.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line)));
        }

        JsonElement[] Mine(IEnumerable<JsonElement> rows) => [.. rows.Where(r => r.Text("k")!.StartsWith(page, StringComparison.Ordinal))];
    }

    [Fact]
    public async Task All_rows_may_take_longer_than_other_answers()
    {
        await using var api = new ApiServer(new Dictionary<string, string>(system.Settings) { ["Api:RequestTimeout"] = "00:00:01", ["Api:ClusterTimeout"] = "00:00:00.9" });
        using var first = await api.Client.GetAsync("/jobs/revenue/results?state=final"); // what is slow once must not be what is seen
        await using var source = NpgsqlDataSource.Create(system.Settings["ConnectionStrings:Postgres"]);
        await using var connection = await source.OpenConnectionAsync();
        await using var holding = await connection.BeginTransactionAsync();
        await using var hold = new NpgsqlCommand("lock table streaming.job_results in access exclusive mode", connection);
        await hold.ExecuteNonQueryAsync();

        using var request = new HttpRequestMessage(HttpMethod.Get, "/jobs/revenue/results?state=final");
        request.Headers.Add("Accept", "application/x-ndjson");
        var reading = api.Client.SendAsync(request);
        await using var waiting = new NpgsqlCommand("select count(*) from pg_locks where relation = 'streaming.job_results'::regclass and not granted", connection);
        await Eventually.Async(async () => (long)(await waiting.ExecuteScalarAsync())!, count => count > 0, ShopSystem.Deadline, "someone waits");
        await Task.Delay(TimeSpan.FromSeconds(2));
        Assert.False(reading.IsCompleted);
        await holding.RollbackAsync();

        using var response = await reading;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_drained_job_has_final_results_alone_and_its_checkpoints_are_told()
    {
        var query = NewId("q");
        await SendAsync(NewId("u"), DateTimeOffset.UtcNow, ["SEARCH", "SEARCH"], query: query);
        await Eventually.Async(async () => (await ResultsAsync($"search-analytics/results?key={query}")).Sum(Count) == 2, ShopSystem.Deadline, "both searches are seen");

        // What its partitions came to is still to be merged: until then it is draining.
        await using var source = NpgsqlDataSource.Create(system.Settings["ConnectionStrings:Postgres"]);
        await using var connection = await source.OpenConnectionAsync();
        await using var holding = await connection.BeginTransactionAsync();
        await new NpgsqlCommand("select from streaming.job_mergers where job = 'search-analytics' for update", connection).ExecuteNonQueryAsync();
        var act = await (await Http.PostAsync("/jobs/search-analytics/drain", "{}", who: "tester")).OkAsync();
        Assert.Equal(("draining", "tester"), (act.Text("state"), act.Text("operator")));
        var job = await Eventually.Async(
            () => Http.GetJsonAsync("/jobs/search-analytics"), j => j.GetProperty("partitions").EnumerateArray().All(p => p.GetProperty("drained").GetBoolean()), ShopSystem.Deadline, "its partitions are drained");
        Assert.Equal("draining", job.GetProperty("summary").Text("state"));
        await holding.RollbackAsync();

        await Eventually.Async(async () => (await Http.GetJsonAsync("/jobs/search-analytics")).GetProperty("summary").Text("state") == "drained", ShopSystem.Deadline, "it is drained");
        var final = await ResultsAsync($"search-analytics/results?key={query}");
        Assert.All(final, r => Assert.Equal("final", r.Text("state")));
        Assert.Equal(2, final.Sum(Count));
        Assert.Empty(await ResultsAsync("search-analytics/results?state=open"));
        foreach (var verb in new[] { "resume", "pause", "stop" })
            Assert.Contains("savepoint", (await (await Http.PostAsync($"/jobs/search-analytics/{verb}", "{}")).ProblemAsync(HttpStatusCode.Conflict)).Text("detail"), StringComparison.Ordinal);
        Assert.All(await ResultsAsync("search-analytics/checkpoints"), c => Assert.True(c.GetProperty("bytes").GetInt64() >= 0));
    }

    [Fact]
    public async Task A_paused_job_takes_nothing_and_goes_on_when_it_is_resumed()
    {
        await (await Http.PostAsync("/jobs/session-analysis/pause", "{}")).OkAsync();
        await Eventually.Async(async () => (await Http.GetJsonAsync("/jobs/session-analysis")).GetProperty("summary").Text("state") == "paused", ShopSystem.Deadline, "it is paused");

        // Silos do it within a second: until then records are still taken. A record that the job does not have, although another job has it, came too late for it.
        var session = await Eventually.Async(
            async () =>
            {
                var (user, sent) = (NewId("u"), NewId("s"));
                await SendAsync(user, DateTimeOffset.UtcNow, ["CLICK"], session: sent);
                await Eventually.Async(async () => (await ResultsAsync($"user-engagement/results?key={user}&state=open")).Length > 0, ShopSystem.Deadline, "another job has seen the record");
                return (await ResultsAsync($"session-analysis/results?key={sent}")).Length == 0 ? sent : null;
            },
            sent => sent is not null, ShopSystem.Deadline, "a record is not taken");

        await (await Http.PostAsync("/jobs/session-analysis/resume", "{}")).OkAsync();
        await Eventually.Async(
            async () => string.Join(' ', (await ResultsAsync($"session-analysis/results?key={session}")).Select(r => $"{r.Text("state")}:{Count(r)}")),
            seen => seen.Split(' ') is { Length: 6 } rows && rows.All(r => r.EndsWith(":1", StringComparison.Ordinal)), ShopSystem.Deadline, "the record is in each of its windows, once");
    }

    [Fact]
    public async Task A_job_is_stopped_started_and_cancelled_and_what_its_state_does_not_allow_is_a_conflict()
    {
        const string job = "/jobs/conversion-funnel";
        await SendAsync(NewId("u"), DateTimeOffset.UtcNow, "PAGE_VIEW");
        await Eventually.Async(async () => await RecordsAsync() > 0, ShopSystem.Deadline, "it has taken a record");
        Assert.Equal("stopped", (await (await Http.PostAsync($"{job}/stop", "{}", who: "tester")).OkAsync()).Text("state"));
        Assert.Equal("stopped", await StateAsync());
        await (await Http.PostAsync($"{job}/resume", "{}")).ProblemAsync(HttpStatusCode.Conflict);
        await Eventually.Async(async () => (await ResultsAsync("conversion-funnel/results?state=open")).Length == 0, ShopSystem.Deadline, "its windows are not in memory");
        var stopped = await RecordsAsync();

        Assert.Equal("running", (await (await Http.PostAsync($"{job}/start", "{}")).OkAsync()).Text("state"));
        await SendAsync(NewId("u"), DateTimeOffset.UtcNow, "PAGE_VIEW");
        await Eventually.Async(async () => await RecordsAsync() > stopped, ShopSystem.Deadline, "it goes on");

        Assert.Equal("cancelled", (await (await Http.PostAsync($"{job}/cancel", "{}")).OkAsync()).Text("state"));
        Assert.Equal(("cancelled", 0), (await StateAsync(), await RecordsAsync()));
        await (await Http.PostAsync($"{job}/stop", "{}")).ProblemAsync(HttpStatusCode.Conflict);
        Assert.Equal("running", (await (await Http.PostAsync($"{job}/start", "{}")).OkAsync()).Text("state"));
        await Eventually.Async(async () => await RecordsAsync() > stopped, ShopSystem.Deadline, "it has taken everything again");
        await (await Http.PostAsync("/jobs/nothing/start", "{}")).ProblemAsync(HttpStatusCode.NotFound);

        async Task<JsonElement> SummaryAsync() => (await Http.GetJsonAsync(job)).GetProperty("summary");

        async Task<string?> StateAsync() => (await SummaryAsync()).Text("state");

        async Task<long> RecordsAsync() => (await SummaryAsync()).GetProperty("records").GetInt64();
    }

    [Fact]
    public async Task A_job_is_set_back_to_a_savepoint_and_takes_the_records_since_once_more()
    {
        const string job = "/jobs/suspicious-withdrawals";
        var (account, name) = (NewId("a"), NewId("s"));
        await WithdrawAsync(2);
        await Eventually.Async(async () => (await Http.GetJsonAsync(job)).GetProperty("summary").GetProperty("records").GetInt64() >= 2, ShopSystem.Deadline, "both refusals are taken and kept");
        Assert.Equal(["name"], await (await Http.PostAsync($"{job}/savepoints", """{"name":"a b"}""")).ErrorsAsync());
        await (await Http.PostAsync($"{job}/savepoints", $$"""{"name":"{{name}}"}""", who: "tester")).OkAsync();
        await (await Http.PostAsync($"{job}/savepoints", $$"""{"name":"{{name}}"}""")).ProblemAsync(HttpStatusCode.Conflict);
        var listed = (await Http.GetJsonAsync($"{job}/savepoints")).Items().Single(s => s.Text("name") == name);
        Assert.Equal(("tester", true), (listed.Text("createdBy"), listed.GetProperty("fits").GetBoolean()));

        await WithdrawAsync(1);
        await AlertAsync();
        var before = await OffsetsAsync();
        await (await Http.PostAsync($"{job}/savepoints/{name}/restore", "{}")).OkAsync();
        await Eventually.Async( // other tests' accounts have events meanwhile
            async () => (await OffsetsAsync()).Zip(before).All(o => o.First >= o.Second), ShopSystem.Deadline, "it has taken again what came since");
        await AlertAsync();

        await (await Http.PostAsync($"{job}/savepoints/none/restore", "{}")).ProblemAsync(HttpStatusCode.NotFound);
        Assert.Equal(HttpStatusCode.NoContent, (await Http.DeleteAsync($"{job}/savepoints/{name}")).StatusCode);
        await (await Http.DeleteAsync($"{job}/savepoints/{name}")).ProblemAsync(HttpStatusCode.NotFound);

        async Task<long[]> OffsetsAsync() =>
            [.. (await Http.GetJsonAsync(job)).GetProperty("partitions").EnumerateArray().Select(p => p.GetProperty("nextOffset").GetInt64())];

        async Task WithdrawAsync(int times)
        {
            for (var i = 0; i < times; i++)
                Assert.False((await Http.PostAsync($"/accounts/{account}/withdrawals", """{"amount":5,"currency":"EUR"}""")).IsSuccessStatusCode);
        }

        Task AlertAsync() => Eventually.Async(
            async () => (await ResultsAsync($"suspicious-withdrawals/results?key={account}")) is [var alert] && alert.GetProperty("rejections").GetInt32() == 3,
            ShopSystem.Deadline, "one alert is there");
    }

    private Task SendAsync(string user, DateTimeOffset at, params string[] types) => SendAsync(user, at, types, null);

    private async Task SendAsync(string user, DateTimeOffset at, string[] types, string? page = null, string? query = null, string? session = null)
    {
        var records = types.Select((type, i) => new Dictionary<string, object?>
        {
            ["userId"] = user,
            ["eventType"] = type,
            ["timestamp"] = at.AddMilliseconds(i).ToString("O", CultureInfo.InvariantCulture),
            ["pageUrl"] = page,
            ["sessionId"] = session,
            ["properties"] = query is null ? [] : new Dictionary<string, string> { ["query"] = query, ["results_count"] = "3" },
        });
        await (await Http.PostAsync("/events", JsonSerializer.Serialize(records))).OkAsync();
    }

    private async Task<JsonElement[]> ResultsAsync(string path) => (await Http.GetJsonAsync("/jobs/" + path)).Items();

    private static int Count(JsonElement row) => row.GetProperty("c").GetInt32();

    private static DateTimeOffset Time(JsonElement row, string name) => row.GetProperty(name).GetDateTimeOffset();
}

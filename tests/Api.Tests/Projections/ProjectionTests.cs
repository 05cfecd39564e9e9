using System.Net;
using Testing;
using static Api.Tests.Calls;

namespace Api.Tests.Projections;

public sealed class ProjectionTests(ShopSystem system)
{
    private HttpClient Http => system.Http;

    [Fact]
    public async Task Each_says_its_version_its_state_and_its_lag()
    {
        var all = (await Http.GetJsonAsync("/projections")).Items();
        Assert.Superset(new HashSet<string?> { "user-profiles", "account-balances", "purchases-by-day", "recent-activity", "transfer-courier" }, all.Select(p => p.Text("name")).ToHashSet());
        await Eventually.Async(() => Http.GetJsonAsync("/projections/user-profiles"), p => p.Text("state") is "live" or "rebuilding" && p.GetProperty("lag").GetInt64() >= 0,
            ShopSystem.Deadline, "the projection is live");
    }

    [Fact]
    public async Task A_document_has_an_etag_and_the_sequence_of_its_last_event()
    {
        var id = NewId("a");
        await (await Http.PostAsync($"/accounts/{id}/deposits", """{"amount":5,"currency":"EUR"}""")).OkAsync();
        var document = await Eventually.Async(() => Http.GetJsonAsync($"/projections/account-balances/{id}"), _ => true, ShopSystem.Deadline, "the document is there");
        Assert.Equal(5m, document.GetProperty("document").GetProperty("balance").GetDecimal());
        Assert.Equal((await Http.GetJsonAsync($"/accounts/{id}/events")).Items()[0].GetProperty("sequence").GetInt64(), document.GetProperty("sequence").GetInt64());

        using var request = new HttpRequestMessage(HttpMethod.Get, $"/projections/account-balances/{id}");
        request.Headers.IfNoneMatch.Add((await Http.GetAsync(request.RequestUri)).Headers.ETag!);
        Assert.Equal(HttpStatusCode.NotModified, (await Http.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task A_rebuild_is_a_replay_that_completes_and_is_recorded()
    {
        using var started = await Http.PostAsync("/projections/purchases-by-day/rebuild", "", who: "ada");
        Assert.Equal(HttpStatusCode.Accepted, started.StatusCode);
        var replay = await Eventually.Async(() => Http.GetJsonAsync(started.Headers.Location!.OriginalString), r => r.Text("state") == "completed",
            ShopSystem.Deadline, "the rebuild completes");
        Assert.Equal("ada", replay.Text("startedBy"));
        await (await Http.PostAsync($"/replays/{replay.GetProperty("id").GetInt64()}/cancel", "")).ProblemAsync(HttpStatusCode.Conflict);
        Assert.Contains((await Http.GetJsonAsync("/operator-actions?limit=500")).Items(),
            a => a.Text("operator") == "ada" && a.Text("subject")!.Contains("purchases-by-day", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_replay_under_a_name_of_its_own_is_read_under_it_and_follows_live_events()
    {
        var target = "copy-" + Guid.NewGuid().ToString("N")[..8];
        var replay = await (await Http.PostAsync("/replays", $$"""{"projection":"account-balances","target":"{{target}}"}""")).OkAsync();
        var id = NewId("a");
        await (await Http.PostAsync($"/accounts/{id}/deposits", """{"amount":5,"currency":"EUR"}""")).OkAsync();
        await Eventually.Async(async () => (await Http.GetAsync($"/projections/{target}/{id}")).IsSuccessStatusCode, ShopSystem.Deadline, "the replay follows live events");
        Assert.Contains((await Http.GetJsonAsync("/replays?limit=500")).Items(), r => r.GetProperty("id").GetInt64() == replay.GetProperty("id").GetInt64());
    }

    [Fact]
    public async Task What_cannot_be_done_says_why()
    {
        await (await Http.GetAsync("/projections/none")).ProblemAsync(HttpStatusCode.NotFound);
        await (await Http.GetAsync("/projections/none/documents")).ProblemAsync(HttpStatusCode.NotFound);
        await (await Http.GetAsync("/projections/user-profiles/none")).ProblemAsync(HttpStatusCode.NotFound);
        await (await Http.PostAsync("/projections/none/rebuild", "")).ProblemAsync(HttpStatusCode.NotFound);
        await (await Http.PostAsync("/projections/recent-activity/resume", "")).ProblemAsync(HttpStatusCode.Conflict);
        await (await Http.PostAsync("/projections/recent-activity/rollback", "")).ProblemAsync(HttpStatusCode.Conflict);
        Assert.Equal(["fromSequence", "projection", "toSequence"], await (await Http.PostAsync("/replays", """{"fromSequence":0,"toSequence":-1}""")).ErrorsAsync());
        await (await Http.PostAsync("/replays", """{"projection":"user-profiles","source":"the moon","target":"m"}""")).ProblemAsync(HttpStatusCode.NotFound);
        await (await Http.GetAsync("/replays/999999")).ProblemAsync(HttpStatusCode.NotFound);
        await (await Http.DeleteAsync(new Uri("/replays/999999", UriKind.Relative))).ProblemAsync(HttpStatusCode.NotFound);
    }
}

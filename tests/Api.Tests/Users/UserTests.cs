using System.Net;
using EventPlatform.AspNetCore.Http;
using EventPlatform.AspNetCore.Topics;
using EventStore;
using Microsoft.Extensions.DependencyInjection;
using Testing;
using static Api.Tests.Calls;

namespace Api.Tests.Users;

public sealed class UserTests(ShopSystem system)
{
    private HttpClient Http => system.Http;

    [Fact]
    public async Task An_event_over_http_reaches_the_user_and_is_found_with_its_kafka_coordinates()
    {
        var id = NewId("u");
        var sent = (await (await Http.PostAsync("/events", $$"""{"userId":"{{id}}","eventType":"PAGE_VIEW","pageUrl":"/shoes"}""")).OkAsync()).Items()[0];
        var eventId = sent.Text("eventId");

        var user = await Eventually.Async(
            () => Http.GetAsync($"/users/{id}?includes={sent.Text("topic")}/{sent.GetProperty("partition")}@{sent.GetProperty("offset")}"), a => a.IsSuccessStatusCode, ShopSystem.Deadline, "the record is read");
        var position = Assert.Single((await user.OkAsync()).GetProperty("positions").EnumerateArray());
        Assert.Equal(sent.GetProperty("offset").GetInt64(), position.GetProperty("offset").GetInt64());

        var stored = Assert.Single((await Http.GetJsonAsync($"/users/{id}/events")).Items());
        Assert.Equal((eventId, "user-page-viewed"), (stored.Text("id"), stored.Text("type")));
        Assert.Equal("user-events", stored.GetProperty("record").Text("topic"));
        Assert.Equal(sent.GetProperty("partition").GetInt32(), stored.GetProperty("record").GetProperty("partition").GetInt32());
        Assert.Equal(sent.GetProperty("offset").GetInt64(), stored.GetProperty("record").GetProperty("offset").GetInt64());

        var trace = await Http.GetJsonAsync($"/events/{eventId}");
        Assert.Equal(("stored", $"user/{id}"), (trace.Text("outcome"), trace.GetProperty("event").Text("stream")));
    }

    [Fact]
    public async Task An_answer_that_shall_include_a_record_waits_for_it_and_says_so_when_it_does_not_come()
    {
        var id = NewId("u");
        await (await Http.SendJsonAsync(HttpMethod.Put, $"/users/{id}/profile", """{"name":"Ada"}""")).OkAsync();
        var begun = DateTimeOffset.UtcNow;
        var problem = await (await Http.GetAsync($"/users/{id}?includes=user-events/0@123456789&wait=1")).ProblemAsync(HttpStatusCode.GatewayTimeout);
        Assert.Contains("user-events/0@123456789", problem.Text("detail"), StringComparison.Ordinal);
        Assert.True(DateTimeOffset.UtcNow - begun >= TimeSpan.FromSeconds(1));
        Assert.Equal(["includes", "wait"], await (await Http.GetAsync($"/users/{id}?includes=user-events/x&wait=3600")).ErrorsAsync());
    }

    [Theory]
    [InlineData(3, true)]
    [InlineData(2, false)]
    public async Task A_place_in_a_topic_is_not_that_of_a_former_topic_of_the_same_name(long offset, bool isIncluded)
    {
        var incarnations = system.Api.Services.GetRequiredService<TopicIncarnations>();
        var now = (await incarnations.OfAsync("user-events", default))!;
        RecordCoordinates[] positions = [new("user-events", "former", 0, 900), new("user-events", now, 0, offset), new("user-events", now, 1, 900)];
        var (answer, problem) = await new Inclusion("user-events/0@3", "0").ReadAsync(() => Task.FromResult<string?>("u"), (_, _) => Task.FromResult<string?>("u"), _ => positions, incarnations, new(), TimeProvider.System, default);
        Assert.Equal((isIncluded, !isIncluded), (answer is not null, problem is not null));
    }

    [Theory]
    [InlineData("a%2Fb", "a/b")]
    [InlineData("a%2fb%2F", "a/b/")]
    [InlineData("a%252Fb", "a%2Fb")]
    public async Task An_id_may_hold_a_slash_which_the_path_has_encoded(string inPath, string id)
    {
        var unique = NewId("u");
        await (await Http.SendJsonAsync(HttpMethod.Put, $"/users/{unique}{inPath}/profile", """{"name":"Ada"}""")).OkAsync();
        Assert.Equal(unique + id, (await Http.GetJsonAsync($"/users/{unique}{inPath}")).Text("id"));
        Assert.Single((await Http.GetJsonAsync($"/users/{unique}{inPath}/events")).Items());
    }

    [Fact]
    public async Task The_etag_is_the_same_until_the_user_changes()
    {
        var id = NewId("u");
        await (await Http.SendJsonAsync(HttpMethod.Put, $"/users/{id}/profile", """{"name":"Ada"}""")).OkAsync();
        using var first = await Http.GetAsync($"/users/{id}");
        var tag = first.Headers.ETag!;

        Assert.Equal(HttpStatusCode.NotModified, (await GetUnlessAsync(tag)).StatusCode);
        await (await Http.SendJsonAsync(HttpMethod.Put, $"/users/{id}/profile", """{"email":"ada@example.org"}""")).OkAsync();
        using var changed = await GetUnlessAsync(tag);
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.NotEqual(tag, changed.Headers.ETag);

        async Task<HttpResponseMessage> GetUnlessAsync(System.Net.Http.Headers.EntityTagHeaderValue known)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/users/{id}");
            request.Headers.IfNoneMatch.Add(known);
            return await Http.SendAsync(request);
        }
    }

    [Fact]
    public async Task A_repeated_profile_change_has_one_effect_and_other_content_under_its_key_is_a_conflict()
    {
        var (id, key) = (NewId("u"), NewId("k"));
        var first = await (await PutAsync("""{"name":"Ada"}""")).OkAsync();
        var again = await (await PutAsync("""{"name":"Ada"}""")).OkAsync();
        Assert.Equal((false, true), (first.GetProperty("repeated").GetBoolean(), again.GetProperty("repeated").GetBoolean()));
        Assert.Equal(1, again.GetProperty("version").GetInt64());
        await (await PutAsync("""{"name":"Grace"}""")).ProblemAsync(HttpStatusCode.Conflict);

        Task<HttpResponseMessage> PutAsync(string json) => Http.SendJsonAsync(HttpMethod.Put, $"/users/{id}/profile", json, key);
    }

    [Fact]
    public async Task A_wrong_profile_is_refused_with_every_error_at_once()
    {
        using var response = await Http.SendJsonAsync(HttpMethod.Put, "/users/u/profile", $$"""{"name":"{{new string('x', 201)}}","email":"nowhere"}""", key: new string('k', 201));
        Assert.Equal(["Idempotency-Key", "email", "name"], await response.ErrorsAsync());
    }

    [Fact]
    public async Task A_user_that_nothing_is_known_of_is_a_404()
    {
        await (await Http.GetAsync($"/users/{NewId("u")}")).ProblemAsync(HttpStatusCode.NotFound);
        await (await Http.GetAsync($"/users/{NewId("u")}/events")).ProblemAsync(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_list_and_the_activity_come_from_the_projections()
    {
        var id = NewId("u");
        await (await Http.SendJsonAsync(HttpMethod.Put, $"/users/{id}/profile", """{"name":"Ada"}""")).OkAsync();
        var item = await Eventually.Async(async () => (await Http.GetJsonAsync($"/users?prefix={id}")).Items(), i => i.Length == 1, ShopSystem.Deadline, "the user is in the list");
        Assert.Equal((id, "Ada"), (item[0].Text("id"), item[0].Text("name")));
        await Eventually.Async(async () => (await Http.GetJsonAsync("/activity?limit=500")).Items().Any(u => u.Text("id") == id),
            ShopSystem.Deadline, "the user is among the active ones");
        await (await Http.GetAsync("/users?order=shoe-size")).ProblemAsync(HttpStatusCode.BadRequest);
    }
}

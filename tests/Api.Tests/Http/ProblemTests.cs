using System.Net;

namespace Api.Tests.Http;

public sealed class ProblemTests(ShopSystem system)
{
    [Fact]
    public async Task An_unknown_address_and_a_wrong_method_are_problems()
    {
        await (await system.Http.GetAsync("/nothing/here")).ProblemAsync(HttpStatusCode.NotFound);
        await (await system.Http.DeleteAsync(new Uri("/topics", UriKind.Relative))).ProblemAsync(HttpStatusCode.MethodNotAllowed);
    }

    [Fact]
    public async Task A_missing_body_is_a_problem_with_words() =>
        await (await system.Http.PostAsync("/transfers", "")).ProblemAsync(HttpStatusCode.BadRequest);

    [Fact]
    public async Task Every_answer_forbids_what_would_come_from_elsewhere()
    {
        using var response = await system.Http.GetAsync("/");
        Assert.Contains("default-src 'self'", string.Join(' ', response.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Server"));
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "https://elsewhere.example")]
    [InlineData("Origin", "null")]
    public async Task A_page_of_another_site_changes_nothing(string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/dead-letters/1/discard");
        request.Headers.Add(header, value);
        await (await system.Http.SendAsync(request)).ProblemAsync(HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("Sec-Fetch-Site", "none")]
    [InlineData("Origin", "")]
    public async Task The_page_itself_and_programs_are_let_through(string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/dead-letters/999999999/discard");
        request.Headers.Add(header, value.Length > 0 ? value : system.Http.BaseAddress!.GetLeftPart(UriPartial.Authority));
        await (await system.Http.SendAsync(request)).ProblemAsync(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("elsewhere.example", HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.1.elsewhere.example", HttpStatusCode.Forbidden)]
    [InlineData("localhost:1", HttpStatusCode.OK)]
    [InlineData("[::1]", HttpStatusCode.OK)]
    public async Task Nothing_is_read_under_a_name_that_is_not_this_machines(string host, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/dead-letters");
        request.Headers.Host = host;
        Assert.Equal(status, (await system.Http.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task The_openapi_document_has_every_path_and_its_page_is_served()
    {
        var paths = (await system.Http.GetJsonAsync("/openapi/v1.json")).GetProperty("paths").EnumerateObject().Select(p => p.Name).ToHashSet();
        Assert.Superset(new HashSet<string>
        {
            "/users", "/users/{id}", "/users/{id}/events", "/users/{id}/profile", "/accounts", "/accounts/{id}", "/accounts/{id}/statement", "/accounts/{id}/deposits",
            "/transfers", "/transfers/{id}", "/events", "/events/{topic}", "/events/{eventId}", "/projections", "/projections/{name}/{key}", "/projections/{name}/rebuild",
            "/replays", "/replays/{id}", "/dead-letters", "/dead-letters/{id}/reprocess", "/topics", "/live", "/health/live", "/health/ready",
            "/schema-registry/subjects/{subject}/versions",
        }, paths);
        Assert.Equal(HttpStatusCode.OK, (await system.Http.GetAsync("/scalar/")).StatusCode);
    }

    [Fact]
    public async Task The_dashboard_is_served_without_its_log_stream()
    {
        Assert.Equal(HttpStatusCode.OK, (await system.Http.GetAsync("/dashboard/")).StatusCode);
        Assert.NotEmpty((await system.Http.GetJsonAsync("/dashboard/DashboardCounters")).GetProperty("hosts").EnumerateArray());
        Assert.Equal(HttpStatusCode.Forbidden, (await system.Http.GetAsync("/dashboard/Trace")).StatusCode);
    }

    [Fact]
    public async Task Metrics_are_in_prometheus_form() =>
        // Not one of our own: another API in this process that ends takes the instruments of the same name with it.
        Assert.Contains("# TYPE db_client_", await system.Http.GetStringAsync("/metrics"), StringComparison.Ordinal);
}

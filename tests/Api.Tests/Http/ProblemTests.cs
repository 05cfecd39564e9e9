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

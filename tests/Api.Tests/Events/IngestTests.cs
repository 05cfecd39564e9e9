using System.Net;
using System.Text;
using Testing;
using static Api.Tests.Calls;

namespace Api.Tests.Events;

public sealed class IngestTests(ShopSystem system)
{
    private const string At = "2026-01-31T12:00:00Z";

    private HttpClient Http => system.Http;

    [Fact]
    public async Task Every_error_of_every_record_is_said_at_once_and_nothing_is_produced()
    {
        var id = NewId("u");
        using var response = await Http.PostAsync("/events/user-events", $$"""
            [{"userId":"{{id}}","eventType":"LOGIN"},
             {"userId":7,"eventType":"NOPE","colour":"red","properties":["x"],"metadata":{"environment":"MOON"} },
             {"eventId":"e","eventType":"LOGIN","timestamp":"yesterday"},
             {"userId":"{{id}}","eventType":"LOGIN","timestamp":"2999-01-01T00:00:00Z"},
             8]
            """);
        Assert.Equal([
            "[1].colour", "[1].eventType", "[1].metadata.environment", "[1].metadata.producerId", "[1].properties", "[1].userId",
            "[2].timestamp", "[2].userId", "[3].timestamp", "[4].body",
        ], await response.ErrorsAsync());
        await (await Http.GetAsync($"/users/{id}")).ProblemAsync(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_transaction_is_checked_beyond_its_types()
    {
        using var response = await Http.PostAsync("/events", """{"account_id":"a","transaction_id":"t","user_id":"u","type":"TRANSFER","amount":1.234,"currency":"eur"}""");
        Assert.Equal(["amount", "counterpartyAccountId", "currency"], await response.ErrorsAsync());
    }

    [Fact]
    public async Task The_schemas_names_and_the_apis_names_mean_the_same()
    {
        var id = NewId("u");
        var items = (await (await Http.PostAsync("/events", $$"""
            [{"user_id":"{{id}}","event_type":"ADD_TO_CART","page_url":"/a"}, {"userId":"{{id}}","eventType":"addToCart","pageUrl":"/a"}]
            """)).OkAsync()).Items();
        Assert.Equal(2, items.Length);
        await Eventually.Async(async () => (await Http.GetJsonAsync($"/users/{id}")).GetProperty("cart").GetProperty("/a").GetInt32() == 2,
            ShopSystem.Deadline, "both records are in the cart");
    }

    [Fact]
    public async Task A_repeated_request_has_one_effect_and_other_content_under_its_key_is_a_conflict()
    {
        var (id, key) = (NewId("u"), NewId("k"));
        var record = $$"""{"userId":"{{id}}","eventType":"CLICK","timestamp":"{{At}}"}""";
        var first = (await (await Http.PostAsync("/events", record, key)).OkAsync()).Items()[0];
        var again = (await (await Http.PostAsync("/events", record, key)).OkAsync()).Items()[0];
        Assert.Equal(first.Text("eventId"), again.Text("eventId"));

        var trace = await Eventually.Async(() => Http.GetJsonAsync($"/events/{first.Text("eventId")}"),
            t => t.GetProperty("ledger").GetArrayLength() == 1, ShopSystem.Deadline, "the repetition is in the ledger");
        Assert.Equal(("stored", "duplicate"), (trace.Text("outcome"), trace.GetProperty("ledger")[0].Text("outcome")));
        Assert.Equal(1, (await Http.GetJsonAsync($"/users/{id}")).GetProperty("events").GetInt64());
        await (await Http.PostAsync("/events", record.Replace("CLICK", "LOGOUT", StringComparison.Ordinal), key)).ProblemAsync(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task An_identity_needs_a_timestamp_of_the_callers()
    {
        Assert.Equal(["timestamp"], await (await Http.PostAsync("/events", """{"userId":"u","eventType":"CLICK"}""", key: "k")).ErrorsAsync());
    }

    [Fact]
    public async Task What_cannot_be_read_says_why()
    {
        await (await Http.PostAsync("/events/nowhere", "{}")).ProblemAsync(HttpStatusCode.NotFound);
        await (await Http.PostAsync("/events/account-domain-events", "{}")).ProblemAsync(HttpStatusCode.NotFound); // the platform writes it
        await (await Http.PostAsync("/events", "{bad")).ProblemAsync(HttpStatusCode.BadRequest);
        Assert.Equal(["body"], await (await Http.PostAsync("/events", """{"a":1}""")).ErrorsAsync());
        Assert.Equal(["body"], await (await Http.PostAsync("/events/user-events", "[]")).ErrorsAsync());
        var many = string.Join(',', Enumerable.Repeat("""{"userId":"u","eventType":"CLICK"}""", 51));
        Assert.Equal(["body"], await (await Http.PostAsync("/events", $"[{many}]")).ErrorsAsync());
        await (await Http.PostAsync("/events", $"\"{new string('x', 70_000)}\"")).ProblemAsync(HttpStatusCode.RequestEntityTooLarge);
        using var text = new StringContent("hello", Encoding.UTF8, "text/plain");
        await (await Http.PostAsync("/events", text)).ProblemAsync(HttpStatusCode.UnsupportedMediaType);
        await (await Http.GetAsync($"/events/{Guid.NewGuid()}")).ProblemAsync(HttpStatusCode.NotFound);
    }
}

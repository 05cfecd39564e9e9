using System.Buffers.Text;
using System.Net;
using System.Text;

namespace Api.Tests.Http;

/// <summary>Text that JSON and URLs can hold, but Postgres or .NET cannot, is the caller's mistake.</summary>
public sealed class OddTextTests(ShopSystem system)
{
    [Theory]
    [InlineData("/dead-letters?topic=%00")]
    [InlineData("/jobs/revenue/results?key=%00")]
    [InlineData("/users?prefix=%00")]
    [InlineData("/accounts/a?includes=%00")]
    [InlineData("/transfers/t?from=%00")]
    public async Task A_null_character_in_a_query_is_a_400(string path) =>
        await (await system.Http.GetAsync(path)).ProblemAsync(HttpStatusCode.BadRequest);

    [Theory]
    [InlineData("/replays", """{"projection":"account-balances","target":"odd","arguments":{"topic":"\u0000"}}""")]
    [InlineData("/replays", """{"projection":"account-balances","target":"odd","source":"\u0000"}""")]
    [InlineData("/replays", """{"projection":"purchases-by-day","target":"odd","source":"kafka","arguments":{"topic":"user-events","from":"0:1,0:2"}}""")]
    [InlineData("/events", """{"userId":"u","eventType":"CLICK","pageUrl":"\ud800"}""")]
    [InlineData("/events", """{"userId":"u","eventType":"CLICK","\ud800":"x"}""")]
    [InlineData("/events/user-events", """[{"userId":"u","eventType":"CLICK","properties":{"\ud800":"x"}}]""")]
    [InlineData("/accounts/a/deposits", """{"amount":1,"currency":"EUR","transactionId":"\ud800"}""")]
    public async Task Odd_text_in_a_body_is_a_400(string path, string body)
    {
        var response = await system.Http.PostAsync(path, body);
        Assert.True(response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.NotFound, $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
    }

    [Theory]
    [InlineData("1e999999")]
    [InlineData("x")]
    public async Task A_cursor_with_a_number_that_is_none_is_a_400(string number)
    {
        var cursor = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"""["a","{number}"]"""));
        await (await system.Http.GetAsync($"/accounts?order=balance&cursor={cursor}")).ProblemAsync(HttpStatusCode.BadRequest);
    }
}

using System.Globalization;
using CsCheck;
using Testing;
using static Api.Tests.Calls;

namespace Api.Tests.Http;

public sealed class PagingTests(ShopSystem system)
{
    private const int Movements = 23;

    [Fact]
    public async Task Pages_of_any_size_give_every_item_once_and_in_order()
    {
        var id = NewId("a");
        for (var i = 1; i <= Movements; i++)
            await (await system.Http.PostAsync($"/accounts/{id}/deposits", $$"""{"amount":{{i}},"currency":"EUR"}""")).OkAsync();

        await Gen.Int[1, Movements + 2].SampleAsync(async limit =>
        {
            var events = await system.Http.AllPagesAsync($"/accounts/{id}/events", limit);
            Assert.Equal(Enumerable.Range(1, Movements).Select(v => (long)v), events.Select(e => e.GetProperty("version").GetInt64()));
            var lines = await system.Http.AllPagesAsync($"/accounts/{id}/statement", limit);
            Assert.Equal(Enumerable.Range(1, Movements).Select(v => v * (v + 1) / 2m), lines.Select(l => l.GetProperty("balance").GetDecimal()));
        }, iter: 12, threads: 1, writeLine: TestContext.Current.TestOutputHelper!.WriteLine);
    }

    [Fact]
    public async Task Pages_back_from_a_version_meet_without_gap()
    {
        var id = NewId("a");
        for (var i = 1; i <= 7; i++)
            await (await system.Http.PostAsync($"/accounts/{id}/deposits", """{"amount":1,"currency":"EUR"}""")).OkAsync();

        var seen = new List<long>();
        for (var before = 8L; before > 1; before = seen[^1])
            seen.AddRange((await system.Http.GetJsonAsync($"/accounts/{id}/events?limit=3&before={before}")).Items().Select(e => e.GetProperty("version").GetInt64()));
        Assert.Equal([7, 6, 5, 4, 3, 2, 1], seen);
    }

    [Fact]
    public async Task Lists_of_documents_page_by_key_and_by_number()
    {
        var prefix = NewId("a");
        for (var i = 0; i < 5; i++)
            await (await system.Http.PostAsync($"/accounts/{prefix}-{i}/deposits", $$"""{"amount":{{(i * 3 % 5) + 1}},"currency":"EUR"}""")).OkAsync();
        await Eventually.Async(async () => (await system.Http.GetJsonAsync($"/accounts?prefix={prefix}")).Items().Length == 5, ShopSystem.Deadline, "all are listed");

        var byId = await system.Http.AllPagesAsync($"/accounts?prefix={prefix}", 2);
        Assert.Equal(Enumerable.Range(0, 5).Select(i => string.Create(CultureInfo.InvariantCulture, $"{prefix}-{i}")), byId.Select(a => a.Text("id")));
        var byBalance = await system.Http.AllPagesAsync($"/accounts?prefix={prefix}&order=balance", 2);
        Assert.Equal([5m, 4m, 3m, 2m, 1m], byBalance.Select(a => a.GetProperty("balance").GetDecimal()));
    }

    [Theory]
    [InlineData("limit=0&cursor=%21", "cursor,limit")]
    [InlineData("limit=501", "limit")]
    [InlineData("limit=ten&before=0", "before,limit")]
    [InlineData("cursor=MTk&before=5", "before")]
    [InlineData("cursor=MXh4", "cursor")]
    public async Task Wrong_pages_are_refused_with_every_error_at_once(string query, string names) =>
        Assert.Equal(names.Split(','), await (await system.Http.GetAsync($"/users/u/events?{query}")).ErrorsAsync());

    [Fact]
    public async Task A_cursor_of_another_list_is_refused_and_not_misread()
    {
        Assert.Equal(["cursor"], await (await system.Http.GetAsync("/accounts/a/statement?cursor=MTk")).ErrorsAsync());
        await (await system.Http.GetAsync("/users?cursor=zzz")).ProblemAsync(System.Net.HttpStatusCode.BadRequest);
    }
}

using System.Net;
using Testing;
using static Api.Tests.Calls;

namespace Api.Tests.Accounts;

public sealed class AccountTests(ShopSystem system)
{
    private HttpClient Http => system.Http;

    [Fact]
    public async Task A_repeated_deposit_moves_money_once()
    {
        var (id, key) = (NewId("a"), NewId("k"));
        await (await Http.PostAsync($"/accounts/{id}/deposits", """{"amount":100.5,"currency":"EUR"}""", key)).OkAsync();
        var again = await (await Http.PostAsync($"/accounts/{id}/deposits", """{"amount":100.5,"currency":"EUR"}""", key)).OkAsync();
        Assert.True(again.GetProperty("repeated").GetBoolean());
        await (await Http.PostAsync($"/accounts/{id}/deposits", """{"amount":7,"currency":"EUR"}""", key)).ProblemAsync(HttpStatusCode.Conflict);
        Assert.Equal(100.5m, (await Http.GetJsonAsync($"/accounts/{id}")).GetProperty("balance").GetDecimal());
    }

    [Fact]
    public async Task A_withdrawal_beyond_the_balance_is_a_422_with_the_reason_also_when_repeated()
    {
        var (id, key) = (NewId("a"), NewId("k"));
        await (await Http.PostAsync($"/accounts/{id}/deposits", """{"amount":10,"currency":"EUR"}""")).OkAsync();
        for (var i = 0; i < 2; i++)
        {
            var problem = await (await Http.PostAsync($"/accounts/{id}/withdrawals", """{"amount":50,"currency":"EUR"}""", key)).ProblemAsync(HttpStatusCode.UnprocessableEntity);
            Assert.Contains("10", problem.Text("detail"), StringComparison.Ordinal);
            Assert.Equal(i == 1, problem.GetProperty("repeated").GetBoolean());
        }

        Assert.Equal(1, (await Http.GetJsonAsync($"/accounts/{id}")).GetProperty("rejections").GetInt64());
    }

    [Fact]
    public async Task Money_in_another_currency_is_a_422()
    {
        var id = NewId("a");
        await (await Http.PostAsync($"/accounts/{id}/deposits", """{"amount":10,"currency":"EUR"}""")).OkAsync();
        await (await Http.PostAsync($"/accounts/{id}/deposits", """{"amount":10,"currency":"USD"}""")).ProblemAsync(HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task Wrong_money_is_refused_with_every_error_at_once()
    {
        using var response = await Http.PostAsync("/accounts/a/deposits", """{"amount":-1.005,"currency":"euro","transactionId":" "}""");
        Assert.Equal(["amount", "currency", "transactionId"], await response.ErrorsAsync());
    }

    [Fact]
    public async Task An_answer_that_shall_include_a_record_says_so_when_it_does_not_come()
    {
        var id = NewId("a");
        await (await Http.PostAsync($"/accounts/{id}/deposits", """{"amount":1,"currency":"EUR"}""")).OkAsync();
        var problem = await (await Http.GetAsync($"/accounts/{id}?includes=transactions/0@123456789&wait=1")).ProblemAsync(HttpStatusCode.GatewayTimeout);
        Assert.Contains("transactions/0@123456789", problem.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_transfer_stands_in_both_statements()
    {
        var (from, to, id) = (NewId("a"), NewId("a"), NewId("t"));
        await (await Http.PostAsync($"/accounts/{from}/deposits", """{"amount":100,"currency":"EUR"}""")).OkAsync();
        var transfer = $$"""{"id":"{{id}}","from":"{{from}}","to":"{{to}}","amount":30,"currency":"EUR"}""";

        using var first = await Http.PostAsync("/transfers", transfer);
        Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
        using var again = await Http.PostAsync("/transfers", transfer);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        await (await Http.PostAsync("/transfers", transfer.Replace("\"amount\":30", "\"amount\":31", StringComparison.Ordinal))).ProblemAsync(HttpStatusCode.Conflict);

        await Eventually.Async(async () => (await Http.GetJsonAsync(first.Headers.Location!.OriginalString)).Text("state"), s => s == "delivered",
            ShopSystem.Deadline, "the transfer is delivered");
        var sent = (await Http.GetJsonAsync($"/accounts/{from}/statement")).Items()[^1];
        var received = Assert.Single((await Http.GetJsonAsync($"/accounts/{to}/statement")).Items());
        Assert.Equal((-30m, 70m, to), (sent.GetProperty("amount").GetDecimal(), sent.GetProperty("balance").GetDecimal(), sent.Text("counterparty")));
        Assert.Equal((30m, 30m, from), (received.GetProperty("amount").GetDecimal(), received.GetProperty("balance").GetDecimal(), received.Text("counterparty")));
    }

    [Fact]
    public async Task Transfers_whose_accounts_and_ids_read_alike_when_joined_are_two_transfers()
    {
        var (a, to) = (NewId("a"), NewId("a"));
        foreach (var (from, id) in new[] { ($"{a}/b", "c"), (a, "b/c") })
        {
            await (await Http.PostAsync($"/accounts/{Uri.EscapeDataString(from)}/deposits", """{"amount":30,"currency":"EUR"}""")).OkAsync();
            await (await Http.PostAsync("/transfers", $$"""{"id":"{{id}}","from":"{{from}}","to":"{{to}}","amount":30,"currency":"EUR"}""")).OkAsync();
            await Eventually.Async(async () => (await Http.GetJsonAsync($"/transfers/{Uri.EscapeDataString(id)}?from={Uri.EscapeDataString(from)}")).Text("state"), s => s == "delivered",
                ShopSystem.Deadline, "the transfer is delivered");
        }

        Assert.Equal(60m, (await Http.GetJsonAsync($"/accounts/{to}")).GetProperty("balance").GetDecimal());
    }

    [Fact]
    public async Task A_transfer_with_an_id_is_known_by_it_whatever_the_callers_key()
    {
        var (from, to, id, key) = (NewId("a"), NewId("a"), NewId("t"), NewId("k"));
        await (await Http.PostAsync($"/accounts/{from}/deposits", """{"amount":100,"currency":"EUR"}""")).OkAsync();
        var body = $$"""{"id":"{{id}}","from":"{{from}}","to":"{{to}}","amount":1,"currency":"EUR"}""";
        await (await Http.PostAsync("/transfers", body, key)).OkAsync();
        await (await Http.PostAsync("/transfers", body, NewId("k"))).OkAsync();
        for (var i = 0; i < 50; i++) // out of the balance's newest lines
            await (await Http.PostAsync($"/accounts/{from}/deposits", """{"amount":1,"currency":"EUR"}""")).OkAsync();
        Assert.NotEqual("rejected", (await Http.GetJsonAsync($"/transfers/{id}?from={from}")).Text("state"));
        Assert.Equal(149m, (await Http.GetJsonAsync($"/accounts/{from}")).GetProperty("balance").GetDecimal());
    }

    [Fact]
    public async Task What_is_no_transfer_is_not_taken_for_one()
    {
        var (from, key) = (NewId("a"), NewId("k"));
        await (await Http.PostAsync($"/accounts/{from}/withdrawals", """{"amount":1,"currency":"EUR"}""", key)).ProblemAsync(HttpStatusCode.UnprocessableEntity);
        await (await Http.GetAsync($"/transfers/{key}?from={from}")).ProblemAsync(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_callers_key_cannot_take_the_place_of_a_transfers_leg() =>
        Assert.Equal(["Idempotency-Key"], await (await Http.PostAsync("/accounts/a/deposits", """{"amount":1,"currency":"EUR"}""", "transfer:return 1 a/t1")).ErrorsAsync());

    [Fact]
    public async Task A_transfer_that_the_balance_does_not_cover_is_a_422_and_moves_nothing()
    {
        var (from, to, id) = (NewId("a"), NewId("a"), NewId("t"));
        await (await Http.PostAsync("/transfers", $$"""{"id":"{{id}}","from":"{{from}}","to":"{{to}}","amount":30,"currency":"EUR"}"""))
            .ProblemAsync(HttpStatusCode.UnprocessableEntity);
        var transfer = await Http.GetJsonAsync($"/transfers/{id}?from={from}");
        Assert.Equal("rejected", transfer.Text("state"));
        await (await Http.GetAsync($"/accounts/{to}")).ProblemAsync(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_transfer_that_nobody_sent_is_a_404_and_a_wrong_one_is_refused_with_every_error_at_once()
    {
        await (await Http.GetAsync($"/transfers/{NewId("t")}?from={NewId("a")}")).ProblemAsync(HttpStatusCode.NotFound);
        Assert.Equal(["from"], await (await Http.GetAsync("/transfers/t")).ErrorsAsync());
        using var response = await Http.PostAsync("/transfers", """{"from":"a","to":"a","amount":0,"currency":""}""");
        Assert.Equal(["amount", "currency", "to"], await response.ErrorsAsync());
    }

    [Fact]
    public async Task The_list_shows_balances_and_not_the_statements_lines()
    {
        var id = NewId("a");
        await (await Http.PostAsync($"/accounts/{id}/deposits", """{"amount":10,"currency":"EUR"}""")).OkAsync();
        var items = await Eventually.Async(async () => (await Http.GetJsonAsync($"/accounts?prefix={id}&order=balance")).Items(), i => i.Length == 1,
            ShopSystem.Deadline, "the account is in the list");
        Assert.Equal(10m, items[0].GetProperty("balance").GetDecimal());
        Assert.False(items[0].TryGetProperty("newest", out _));
    }
}

using Grains.Jobs;
using StreamJobs.Testing;

namespace StreamJobs.Tests;

/// <summary>The shop's join: money that is given back soon after a purchase by the same user.</summary>
public sealed class QuickRefundsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_refund_counts_within_five_minutes_after_a_purchase_of_its_user()
    {
        var harness = new JoinHarness<ShopEvent, AccountMovement>(ShopJobs.QuickRefunds, left: 1, right: 2, partitions: 2)
            .Left(Event("ann", 0, "PURCHASE", 20), Event("ann", 1, "PAGE_VIEW", null), Event("bob", 1, "PURCHASE", 5))
            .Right(0, Movement("ann", 0, "REFUND", 20), Movement("ann", 300, "REFUND", 7), Movement("ann", 301, "REFUND", 1))
            .Right(1, Movement("bob", 0, "REFUND", 5), Movement("bob", 30, "PAYMENT", 5), Movement("bob", 31, "REFUND", 4.5m));
        Assert.Equal(
            ["ann bought 20, got 20 after 0", "ann bought 20, got 7 after 300", "bob bought 5, got 4.5 after 30"],
            harness.Results.Select(r => FormattableString.Invariant(
                $"{r.Value.GetProperty("user").GetString()} bought {r.Value.GetProperty("bought")}, got {r.Value.GetProperty("refunded")} after {r.Value.GetProperty("seconds")}")).Order(StringComparer.Ordinal));
        Assert.All(harness.Results, r => Assert.Equal(("acc", "EUR"), (r.Value.GetProperty("account").GetString(), r.Value.GetProperty("currency").GetString())));
        Assert.Empty(harness.Faults);
    }

    private static ShopEvent Event(string user, int second, string type, decimal? amount) =>
        new() { UserId = user, EventType = type, Timestamp = Noon.AddSeconds(second), Amount = amount };

    private static AccountMovement Movement(string user, int second, string type, decimal amount) =>
        new() { AccountId = "acc", UserId = user, Type = type, Amount = amount, Currency = "EUR", Timestamp = Noon.AddSeconds(second) };
}

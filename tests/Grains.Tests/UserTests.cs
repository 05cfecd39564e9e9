using System.Globalization;
using Contracts;
using Contracts.Records;
using Contracts.Users;
using Grains.Jobs;
using Grains.Users;
using static EventStore.Testing.Scenario;
using static Grains.Tests.Records;

namespace Grains.Tests;

public sealed class UserTests
{
    [Fact]
    public void A_login_opens_a_session() =>
        Given<User>().When(UserEvent(EventType.Login)).Then(new SessionStarted(At, "s1", null));

    [Fact]
    public void A_login_to_an_open_session_is_nothing_new() =>
        Given<User>(new SessionStarted(At, "s1", null)).When(UserEvent(EventType.Login)).ThenIgnored();

    [Fact]
    public void A_logout_ends_only_an_open_session()
    {
        Given<User>(new SessionStarted(At, "s1", null)).When(UserEvent(EventType.Logout)).Then(new SessionEnded(At, "s1"));
        Given<User>().When(UserEvent(EventType.Logout)).ThenIgnored();
    }

    [Fact]
    public void A_purchase_empties_the_cart_and_counts_the_money()
    {
        var state = Given<User>(new ItemAddedToCart(At, "s1", "book"), new ItemAddedToCart(At, "s1", "book"), new PurchaseMade(At, "s1", 19.99m, "EUR")).State;
        Assert.Empty(state.Cart);
        Assert.Equal((1, 19.99m), (state.Purchases, state.Spent["EUR"]));
    }

    [Theory]
    [InlineData("12.50", 12.50)]
    [InlineData("unreadable", 0)]
    public void A_purchase_with_an_unreadable_amount_is_still_a_purchase(string amount, double expected) =>
        Given<User>().When(UserEvent(EventType.Purchase, "s1", ("amount", amount), ("currency", "USD"))).Then(new PurchaseMade(At, "s1", (decimal)expected, "USD"));

    [Theory]
    [InlineData("79228162514264337593543950335")]
    [InlineData("-10000000000000000")]
    public void A_purchase_beyond_what_money_may_be_is_refused_and_no_job_adds_it_up(string amount)
    {
        Given<User>().When(UserEvent(EventType.Purchase, "s1", ("amount", amount))).ThenRejected($"the amount {amount} is beyond what money may be");
        Assert.Null(new ShopEvent { Amount = decimal.Parse(amount, CultureInfo.InvariantCulture) }.Amount);
        Assert.Equal(Money.Max, new ShopEvent { Amount = Money.Max }.Amount);
    }

    [Fact]
    public void A_purchase_without_properties_is_not_refused() =>
        Given<User>().When(UserEvent(EventType.Purchase)).Then(new PurchaseMade(At, "s1", 0, "EUR"));

    [Fact]
    public void A_state_does_not_grow_for_ever()
    {
        var sessions = Enumerable.Range(0, User.MaxOpenSessions + 5).Select(i => (object)new SessionStarted(At, $"s{i}", null));
        var items = Enumerable.Range(0, User.MaxCartItems + 5).Select(i => (object)new ItemAddedToCart(At, "s", $"item{i}"));
        var state = Given<User>([.. sessions, .. items]).State;
        Assert.Equal(User.MaxOpenSessions, state.OpenSessions.Count);
        Assert.Equal(User.MaxCartItems, state.Cart.Count);
    }

    [Fact]
    public void An_old_record_does_not_move_the_last_time_seen_back()
    {
        var state = Given<User>(new Clicked(At, null, "/a"), new Clicked(At.AddDays(-20_000), null, "/a")).State;
        Assert.Equal((At, At.AddDays(-20_000)), (state.LastSeen, state.FirstSeen));
    }
}

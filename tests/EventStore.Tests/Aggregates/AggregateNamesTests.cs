using EventStore.Aggregates;
using Microsoft.Extensions.DependencyInjection;

namespace EventStore.Tests.Aggregates;

public sealed class AggregateNamesTests
{
    private sealed class UserAccountGrain;

    private sealed class HTTPRequest2Grain;

    [AggregateName("order")]
    private sealed class PurchaseGrain;

    [AggregateName("Order/2")]
    private sealed class BadlyNamedGrain;

    private sealed class NoAggregateGrain : Grain;

    [Theory]
    [InlineData(typeof(UserAccountGrain), "user-account")]
    [InlineData(typeof(HTTPRequest2Grain), "http-request2")]
    [InlineData(typeof(PurchaseGrain), "order")]
    [InlineData(typeof(DiaryGrain), "diary")]
    public void A_name_is_that_of_the_attribute_or_the_class_in_kebab_case(Type grain, string name) =>
        Assert.Equal(name, AggregateNames.Of(grain));

    [Fact]
    public void A_malformed_name_is_refused() =>
        Assert.Contains("'Order/2'", Assert.Throws<InvalidOperationException>(() => AggregateNames.Of(typeof(BadlyNamedGrain))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_grain_that_is_no_aggregate_cannot_be_registered_as_one() =>
        Assert.Throws<InvalidOperationException>(() => new ServiceCollection().AddAggregate<NoAggregateGrain>());

    [Fact]
    public void Options_out_of_range_are_all_named_at_once()
    {
        var result = new AggregateOptionsValidator().Validate(null, new() { SnapshotEvery = 0, SnapshotOnDeactivation = -1 });

        Assert.Collection(result.Failures!, f => Assert.Contains("SnapshotEvery is 0", f, StringComparison.Ordinal),
            f => Assert.Contains("SnapshotOnDeactivation is -1", f, StringComparison.Ordinal));
    }
}

using EventStore.Projections.Running;

namespace EventStore.Tests.Projections;

public sealed class PaceTests
{
    [Theory]
    [InlineData(100, 20, 80)] // a light page: the interval is kept
    [InlineData(100, 50, 50)]
    [InlineData(100, 80, 80)] // a heavy one: as much rest as work
    [InlineData(100, 400, 400)]
    [InlineData(100, 3_600_000, 1000)] // Kafka or a lock was waited for: that was no work
    [InlineData(0, 80, 0)] // no interval, no rest
    public void A_page_is_followed_by_what_is_left_of_the_interval_or_by_as_much_rest_as_it_was_work(int interval, int taken, int rest) =>
        Assert.Equal(TimeSpan.FromMilliseconds(rest), Pace.Rest(TimeSpan.FromMilliseconds(interval), TimeSpan.FromMilliseconds(taken)));
}

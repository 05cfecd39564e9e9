using Microsoft.Extensions.Time.Testing;
using Producer.Sending;

namespace Producer.Tests;

public sealed class RateTests
{
    [Theory]
    [InlineData("100", 100)]
    [InlineData("100/sec", 100)]
    [InlineData("2.5/s", 2.5)]
    [InlineData("6000/min", 100)]
    [InlineData("50k/sec", 50_000)]
    public void A_rate_is_read_as_people_write_it(string text, double perSecond) => Assert.Equal(perSecond, Rate.TryParse(text)?.RecordsPerSecond);

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("fast")]
    [InlineData("5/day")]
    [InlineData("1e999")]
    public void What_is_no_rate_is_refused(string text) => Assert.Null(Rate.TryParse(text));

    [Fact]
    public async Task Records_are_due_by_the_clock()
    {
        var time = new FakeTimeProvider();
        var pacer = new Pacer(Rate.PerSecond(10), time);
        Assert.True(pacer.WaitAsync(default).IsCompleted);
        var second = pacer.WaitAsync(default).AsTask();
        time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.False(second.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await second.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_short_stall_is_made_up_for_and_of_a_long_one_nothing()
    {
        Assert.Equal(6, DueAfter(TimeSpan.FromSeconds(0.5)));
        Assert.Equal(2, DueAfter(TimeSpan.FromMinutes(3)));

        static int DueAfter(TimeSpan stall)
        {
            var time = new FakeTimeProvider();
            var pacer = new Pacer(Rate.PerSecond(10), time);
            Assert.True(pacer.WaitAsync(default).IsCompleted);
            time.Advance(stall);
            var due = 1;
            while (pacer.WaitAsync(default).IsCompleted)
                due++;
            return due;
        }
    }
}

using CsCheck;
using Orleans.Streams.Kafka.Cache;

namespace Orleans.Streams.Kafka.Tests.Cache;

public sealed class OffsetTrackerTests
{
    [Fact]
    public void The_watermark_is_the_lowest_undone_offset_whatever_the_order_and_the_gaps() =>
        Gen.Select(Gen.Int[0, 4].Array[1, 600], Gen.Int).Sample(
            (gaps, seed) =>
            {
                var tracker = new OffsetTracker(5);
                var undone = new SortedDictionary<long, long>();
                var random = new Random(seed);
                var position = 5L;
                foreach (var gap in gaps)
                {
                    var offset = position + gap;
                    position = offset + 1;
                    undone.Add(offset, tracker.Add(offset, position));
                    while (undone.Count > 0 && random.Next(3) != 0)
                    {
                        var done = undone.ElementAt(random.Next(undone.Count));
                        undone.Remove(done.Key);
                        tracker.Done(done.Value);
                    }

                    Assert.Equal(undone.Count > 0 ? undone.First().Key : position, tracker.Watermark);
                }
            },
            writeLine: TestContext.Current.TestOutputHelper!.WriteLine);

    [Fact]
    public void Trailing_transaction_markers_are_passed_once_everything_before_them_is_done()
    {
        var tracker = new OffsetTracker(0);
        var ordinal = tracker.Add(0, 1);
        tracker.Reached(3);
        Assert.Equal(0, tracker.Watermark);
        tracker.Done(ordinal);
        Assert.Equal(3, tracker.Watermark);
    }

    [Fact]
    public void An_offset_that_was_counted_before_is_refused()
    {
        var tracker = new OffsetTracker(0);
        tracker.Add(4, 5);
        Assert.Throws<ArgumentOutOfRangeException>(() => tracker.Add(4, 5));
    }
}

using Orleans.Streams.Kafka.Receiving;

namespace Orleans.Streams.Kafka.Tests;

public sealed class StartDecisionTests
{
    private static readonly KafkaCheckpoint None = new(1, null, null);

    [Fact]
    public void A_checkpoint_within_the_log_is_where_to_go_on()
    {
        Assert.Equal((7, null), Decide(new(1, 7, null)));
        Assert.Equal((10, null), Decide(new(1, 10, null)));
        Assert.Equal((5, null), Decide(new(1, 5, null)));
    }

    [Fact]
    public void A_checkpoint_below_the_oldest_record_is_a_gap_that_says_what_was_lost()
    {
        var start = StartDecision.Make(new(1, 2, null), 5, 10, KafkaStart.Latest, _ => null, true);
        Assert.Equal((5, 3), (start.Offset, start.Missing));
        Assert.Contains("3 offsets were lost", start.Gap);
    }

    [Fact]
    public void A_checkpoint_beyond_the_end_is_a_gap_that_cannot_be_skipped()
    {
        var start = StartDecision.Make(new(1, 11, null), 5, 10, KafkaStart.Latest, _ => null, true);
        Assert.Equal((true, false), (start.Gap is not null, start.CanSkip));
        Assert.True(StartDecision.Make(new(1, 2, null), 5, 10, KafkaStart.Latest, _ => null, true).CanSkip);
    }

    [Fact]
    public void A_recreated_topic_is_a_gap_whatever_its_offsets() => Assert.Contains("former", Decide(new(1, null, "former")).Gap);

    [Fact]
    public void Without_a_checkpoint_the_option_decides()
    {
        Assert.Equal((5, null), Decide(None, KafkaStart.Earliest));
        Assert.Equal((10, null), Decide(None, KafkaStart.Latest));
        Assert.Equal((8, null), Decide(None, KafkaStart.AtOffset(8)));
        Assert.Equal((10, null), Decide(None, KafkaStart.AtOffset(99)));
        Assert.Equal((6, null), Decide(None, KafkaStart.AtTime(DateTimeOffset.UnixEpoch)));
    }

    [Fact]
    public void A_time_that_the_broker_cannot_look_up_is_scanned_for()
    {
        var start = StartDecision.Make(None, 5, 10, KafkaStart.AtTime(DateTimeOffset.UnixEpoch.AddMilliseconds(42)), _ => 0, canLookUpTimes: false);
        Assert.Equal((5, 42), (start.Offset, start.SkipBeforeMs));
    }

    private static (long Offset, string? Gap) Decide(KafkaCheckpoint checkpoint, KafkaStart start = default)
    {
        var decision = StartDecision.Make(checkpoint, 5, 10, start, _ => 6, true);
        return (decision.Offset, decision.Gap);
    }
}

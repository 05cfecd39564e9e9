using Confluent.Kafka;
using Orleans.Streams.Kafka.Cache;
using Orleans.Streams.Kafka.Receiving;

namespace Orleans.Streams.Kafka.Tests;

/// <summary>How records become chunks while the agent is slower than the consumer.</summary>
public sealed class ChunkIntakeTests
{
    private readonly ChunkScratch _scratch = new();
    private readonly ChunkIntake _intake;

    public ChunkIntakeTests()
    {
        _intake = new("jobs.t", "t", 0, _scratch, new KafkaPartitionStreamsOptions { MaxChunkRecords = 10 });
        _intake.Begin("one", 1, 0, long.MinValue);
        Assert.True(_intake.TryPeek(out _));
        _intake.Take();
    }

    [Fact]
    public void Records_gather_while_chunks_wait_and_go_out_when_one_was_taken()
    {
        Put(0);
        Put(1);
        Put(2);
        Put(3);
        Assert.Equal(2, _intake.Count);
        Assert.Equal((0, 1), Take());
        _intake.Flush();
        Assert.Equal((1, 2), Take());
        Assert.Equal((2, 4), Take());
        Assert.False(_intake.TryPeek(out _));
    }

    [Fact]
    public void What_was_gathered_goes_out_before_the_word_that_there_is_no_more()
    {
        Put(0);
        Put(1);
        Put(2);
        _intake.OnEnd(3);
        Take();
        Take();
        Assert.Equal((2, 3), Take());
        Assert.True(_intake.TryPeek(out var end));
        Assert.Equal((ArrivalKind.End, 3), (end.Kind, end.Offset));
    }

    [Fact]
    public void A_chunk_stands_at_its_first_record_although_it_begins_where_the_former_one_ended()
    {
        Put(0);
        _intake.OnEnd(2); // at 1 lies a transaction's end
        Put(2);
        Assert.Equal((0, 1), Take());
        _intake.Take();
        Assert.True(_intake.TryPeek(out var arrival));
        Assert.Equal((1, 2, 3), (arrival.Item!.StartOffset, ((IKafkaItem)arrival.Item).Offset, arrival.Item.NextOffset));
    }

    [Fact]
    public void A_record_that_is_fetched_again_is_not_taken_again()
    {
        Put(0);
        Put(1);
        Put(0);
        Put(1);
        Put(2);
        Take();
        Take();
        _intake.Flush();
        Assert.Equal((2, 3), Take());
    }

    [Fact]
    public void The_first_chunk_behind_records_that_are_no_more_says_so()
    {
        _intake.Begin("one", 2, 7, long.MinValue, gapFrom: 3);
        Assert.True(_intake.TryPeek(out _));
        _intake.Take();
        Put(7);
        Put(8);
        Assert.True(_intake.TryPeek(out var first));
        _intake.Take();
        Assert.True(_intake.TryPeek(out var second));
        Assert.Equal((3, null), (first.Item!.GapFrom, second.Item!.GapFrom));
    }

    [Fact]
    public void A_full_chunk_goes_out_whatever_waits()
    {
        for (var offset = 0; offset < 32; offset++)
        {
            Put(offset);
        }

        Assert.Equal([(0, 1), (1, 2), (2, 12), (12, 22), (22, 32)], Enumerable.Range(0, 5).Select(_ => Take()));
    }

    /// <summary>A record, after which nothing more is at hand.</summary>
    private void Put(long offset)
    {
        var message = new Message<int, int>
        {
            Key = _scratch.Deserialize("k"u8, false, default),
            Value = _scratch.Deserialize("v"u8, false, default),
            Timestamp = new Timestamp(1000 + offset, TimestampType.CreateTime),
        };
        _intake.OnRecord(new() { TopicPartitionOffset = new("t", 0, offset), Message = message });
        _intake.Flush();
    }

    private (long From, long To) Take()
    {
        Assert.True(_intake.TryPeek(out var arrival));
        _intake.Take();
        Assert.Equal(arrival.Item!.NextOffset - arrival.Item.StartOffset, arrival.Item.Count);
        return (arrival.Item.StartOffset, arrival.Item.NextOffset);
    }
}

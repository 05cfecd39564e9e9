using EventStore.DeadLetters;

namespace EventStore.Tests.Aggregates;

public sealed class PoisonTests(AggregateCluster cluster) : IClassFixture<AggregateCluster>
{
    [Theory]
    [InlineData(Entry.ThrowInDecide, "FormatException")]
    [InlineData(Entry.ThrowInApply, "this page cannot be torn out")]
    [InlineData(Entry.GiveEndless, "cycle")]
    public async Task A_record_that_the_aggregate_fails_on_is_a_dead_letter_and_later_ones_go_on_from_the_state_before(Entry poison, string text)
    {
        var diary = cluster.NewDiary();

        await diary.TakeAsync(diary.Note(0), diary.At(1, poison, "bad", "poison"), diary.Note(2));

        await diary.ShouldHoldAsync("n0", "n2");
        var letter = Assert.Single(diary.Stored.DeadLetters.Values);
        Assert.Equal((DeadLetterKind.AggregateFailed, "diary", diary.Key, 7, $"{diary.Key}:poison"), (letter.Kind, letter.Consumer, letter.Key, letter.SchemaId, letter.EventId));
        Assert.Contains(text, letter.Exception, StringComparison.Ordinal);
        Assert.Equal(diary.At(1, poison, "bad").Payload.ToArray(), letter.Payload);
        Assert.Equal(2, Assert.Single(Assert.Single(diary.Stored.Appends).Positions).Offset);
    }

    [Fact]
    public async Task A_record_found_faulty_before_is_a_dead_letter_with_that_fault()
    {
        var diary = cluster.NewDiary();
        var faulty = diary.Note(0) with { Value = null, EventId = null, Fault = new(DeadLetterKind.Undecodable, "not Avro", "at byte 3") };

        await diary.TakeAsync(faulty, diary.Note(1) with { EventId = null }, diary.Note(2) with { Value = null }, diary.Note(3));

        Assert.Equal(
            [(0, DeadLetterKind.Undecodable), (1, DeadLetterKind.Invalid), (2, DeadLetterKind.Invalid)], diary.StoredDeadLetters);
        Assert.Equal(("not Avro", "at byte 3"), (diary.Stored.DeadLetters[faulty.Coordinates].Reason, diary.Stored.DeadLetters[faulty.Coordinates].Exception));
        await diary.ShouldHoldAsync("n3");
    }

    [Fact]
    public async Task A_dead_letter_with_text_that_Postgres_refuses_is_stored_all_the_same()
    {
        var diary = cluster.NewDiary();

        await diary.TakeAsync(diary.At(0, Entry.ThrowInDecide, "bad \0 text", "id\0"));

        Assert.Equal([(0, DeadLetterKind.AggregateFailed)], diary.StoredDeadLetters);
    }

    [Fact]
    public async Task Running_out_of_memory_is_not_the_records_fault()
    {
        var diary = cluster.NewDiary();

        await Assert.ThrowsAsync<OutOfMemoryException>(() => diary.TakeAsync(diary.Note(0), diary.At(1, Entry.RunOutOfMemory, "")));
        Assert.Empty(diary.Stored.Appends);

        await diary.TakeAsync(diary.Note(0), diary.Note(1));
        await diary.ShouldHoldAsync("n0", "n1");
        Assert.Empty(diary.StoredDeadLetters);
    }
}

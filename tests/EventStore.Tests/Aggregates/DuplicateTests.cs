using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.DeadLetters;

namespace EventStore.Tests.Aggregates;

public sealed class DuplicateTests(AggregateCluster cluster) : IClassFixture<AggregateCluster>
{
    [Theory]
    [InlineData(Entry.Note, 1)]
    [InlineData(Entry.Twice, 2)]
    [InlineData(Entry.Nothing, 0)]
    [InlineData(Entry.Refuse, 0)]
    public async Task The_same_id_and_content_at_another_offset_leaves_only_a_ledger_row(Entry entry, int events)
    {
        var diary = cluster.NewDiary();
        await diary.TakeAsync(diary.At(0, entry, "once", "id"));
        await diary.RestartAsync();

        await diary.TakeAsync(diary.At(1, entry, "once", "id"), diary.Note(2, "next"));

        Assert.Equal(events + 1, diary.Stored.Events.Count);
        var row = Assert.Single(diary.Stored.Ledger, l => l.Outcome == LedgerOutcome.Duplicate);
        Assert.Equal((EventIds.OfRecord($"{diary.Key}:id"), 1), (row.EventId, row.Source.Record!.Value.Offset));
        Assert.Empty(diary.StoredDeadLetters);
        Assert.Equal("next", diary.StoredNotes.Last());
        Assert.Equal(2, Assert.Single(diary.Stored.Positions.Values).Offset);
    }

    [Fact]
    public async Task The_same_id_with_another_content_is_a_dead_letter()
    {
        var diary = cluster.NewDiary();
        await diary.TakeAsync(diary.Note(0, "one", "id"));

        await diary.TakeAsync(diary.Note(1, "another", "id"), diary.Note(2, "one", "id"));

        Assert.Equal([(1, DeadLetterKind.IdConflict)], diary.StoredDeadLetters);
        Assert.Equal(2, Assert.Single(diary.Stored.Ledger).Source.Record!.Value.Offset);
        await diary.ShouldHoldAsync("one");
    }

    [Fact]
    public async Task The_same_id_under_another_key_is_a_dead_letter()
    {
        var (first, second) = (cluster.NewDiary(), cluster.NewDiary());
        var id = Guid.NewGuid().ToString();
        await first.TakeAsync(first.Note(0, "one", id));

        await second.TakeAsync(second.Note(1, "one", id), second.Note(2));

        Assert.Equal([(1, DeadLetterKind.IdConflict)], second.StoredDeadLetters);
        await second.ShouldHoldAsync("n2");
    }

    [Fact]
    public async Task Repetitions_within_a_batch_are_found_without_asking_the_store()
    {
        var diary = cluster.NewDiary();

        await diary.TakeAsync(diary.Note(0, "one", "id"), diary.Note(1, "one", "id"), diary.Note(2, "another", "id"));

        Assert.Equal(1, diary.Attempts);
        Assert.Equal((1, LedgerOutcome.Duplicate), (diary.Stored.Ledger.Single().Source.Record!.Value.Offset, diary.Stored.Ledger.Single().Outcome));
        Assert.Equal([(2, DeadLetterKind.IdConflict)], diary.StoredDeadLetters);
        await diary.ShouldHoldAsync("one");
    }

    [Fact]
    public async Task The_id_of_a_dead_letter_is_free_for_the_mended_record()
    {
        var diary = cluster.NewDiary();

        await diary.TakeAsync(diary.At(0, Entry.ThrowInDecide, "bad", "id"), diary.Note(1, "mended", "id"));

        await diary.ShouldHoldAsync("mended");
        Assert.Equal([(0, DeadLetterKind.AggregateFailed)], diary.StoredDeadLetters);
    }

    [Fact]
    public async Task The_schema_id_before_the_body_does_not_count_as_content()
    {
        var diary = cluster.NewDiary();
        await diary.TakeAsync(diary.Note(0, "one", "id"));

        await diary.TakeAsync(diary.Note(1, "one", "id") with { Payload = "ABCDENote:one"u8.ToArray() });

        Assert.Empty(diary.StoredDeadLetters);
        Assert.Single(diary.Stored.Ledger);
    }

    [Fact]
    public async Task A_repetition_that_the_aggregate_fails_on_is_still_a_repetition()
    {
        var diary = cluster.NewDiary();
        await diary.TakeAsync(diary.At(0, Entry.NoteOnce, "one", "id"), diary.At(1, Entry.Nothing, "nothing", "other"));

        await diary.TakeAsync(diary.At(2, Entry.NoteOnce, "one", "id"), diary.At(3, Entry.ThrowInDecide, "bad", "other"), diary.Note(4));

        Assert.Equal(LedgerOutcome.Duplicate, diary.Stored.Ledger.Single(l => l.Source.Record!.Value.Offset == 2).Outcome);
        Assert.Equal([(3, DeadLetterKind.IdConflict)], diary.StoredDeadLetters);
        await diary.ShouldHoldAsync("one", "n4");
    }
}

using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.DeadLetters;

namespace EventStore.Tests.Aggregates;

public sealed class IntakeTests(AggregateCluster cluster) : IClassFixture<AggregateCluster>
{
    [Fact]
    public async Task A_record_is_stored_as_an_event_with_its_id_and_its_coordinates()
    {
        var diary = cluster.NewDiary();
        var id = Guid.NewGuid();

        await diary.TakeAsync(diary.Note(5, "hello", id.ToString()));

        var e = Assert.Single(diary.Stored.Events);
        Assert.Equal((id, 1L, "noted"), (e.Id, e.Version, e.TypeName));
        Assert.Equal(diary.Note(5).Coordinates, e.Source!.Record);
        Assert.Equal(diary.Note(5).TraceParent, e.Source.TraceParent);
        await diary.ShouldHoldAsync("hello");
    }

    [Fact]
    public async Task Further_events_of_a_record_have_ids_that_follow_from_its_own()
    {
        var diary = cluster.NewDiary();

        var record = diary.At(0, Entry.Twice, "hello", "no uuid");

        await diary.TakeAsync(record);

        var first = EventIds.OfRecord(record.EventId!);
        Assert.Equal([(first, 0), (EventIds.OfEvent(first, 1), 1)], diary.Stored.Events.Select(e => (e.Id, e.Source!.Index)));
        await diary.ShouldHoldAsync("hello", "hello again");
    }

    [Fact]
    public async Task A_batch_is_one_append_whatever_its_records_give()
    {
        var diary = cluster.NewDiary();

        await diary.TakeAsync(
            diary.Note(0), diary.At(1, Entry.Nothing, "already so"), diary.At(2, Entry.Refuse, "too late"), diary.At(3, Entry.ThrowInDecide, "bad"), diary.Note(4));

        var append = Assert.Single(diary.Stored.Appends);
        Assert.Equal((2, 2, 1), (append.Events.Count, append.Ledger.Count, append.DeadLetters.Count));
        Assert.Equal(4, Assert.Single(append.Positions).Offset);
        await diary.ShouldHoldAsync("n0", "n4");
    }

    [Fact]
    public async Task A_record_without_events_leaves_its_position_and_a_ledger_row_with_the_reason()
    {
        var diary = cluster.NewDiary();

        await diary.TakeAsync(diary.At(0, Entry.Nothing, "already so"));
        await diary.TakeAsync(diary.At(1, Entry.Refuse, "too late"));

        Assert.Equal(
            [(LedgerOutcome.Ignored, "already so", 0L), (LedgerOutcome.Rejected, "too late", 1L)],
            diary.Stored.Ledger.Select(l => (l.Outcome, l.Reason, l.Source.Record!.Value.Offset)));
        await diary.ShouldHoldAsync();
        Assert.Equal(1, Assert.Single(diary.Stored.Positions.Values).Offset);
    }

    [Fact]
    public async Task A_redelivered_record_has_no_second_effect_and_costs_no_append()
    {
        var diary = cluster.NewDiary();
        await diary.TakeAsync(diary.Note(0), diary.Note(1));
        await diary.RestartAsync();

        await diary.TakeAsync(diary.Note(0), diary.Note(1));
        await diary.TakeAsync(diary.Note(1), diary.Note(2), diary.Note(2));

        Assert.Equal(2, diary.Stored.Appends.Count);
        Assert.Empty(diary.Stored.Ledger);
        await diary.ShouldHoldAsync("n0", "n1", "n2");
    }

    [Fact]
    public async Task An_offset_of_a_new_incarnation_or_another_partition_is_new()
    {
        var diary = cluster.NewDiary();
        await diary.TakeAsync(diary.Note(7, "a", "1"));

        await diary.TakeAsync(diary.Note(7, "b", "2") with { Coordinates = new("diaries", "second", 0, 0) });
        await diary.TakeAsync(diary.Note(7, "c", "3") with { Coordinates = diary.Note(7).Coordinates with { Partition = 1, Offset = 0 } });

        await diary.ShouldHoldAsync("a", "b", "c");
        Assert.Equal(3, diary.Stored.Positions.Count);
    }

    [Fact]
    public async Task A_reprocessed_record_is_taken_at_the_end_although_its_position_has_passed()
    {
        var diary = cluster.NewDiary();
        await diary.TakeAsync(diary.At(0, Entry.ThrowInDecide, "bad", "id"), diary.Note(1));

        var mended = diary.Note(0, "mended", "id");
        Assert.Null(await diary.ReprocessAsync(mended));
        Assert.Null(await diary.ReprocessAsync(mended));

        await diary.ShouldHoldAsync("n1", "mended");
        Assert.True(diary.Stored.Events[1].Source!.Reprocessed);
        Assert.Equal(1, Assert.Single(diary.Stored.Positions.Values).Offset);
        Assert.Empty(diary.Stored.Ledger);
    }

    [Fact]
    public async Task A_reprocessed_record_that_still_cannot_be_applied_says_why_and_leaves_no_second_trace()
    {
        var diary = cluster.NewDiary();
        await diary.TakeAsync(diary.Note(0, "one", "id"), diary.Note(1, "another", "id"));
        var kept = Assert.Single(diary.Stored.DeadLetters);

        Assert.Contains("belongs to a record with another key", await diary.ReprocessAsync(diary.Note(1, "another", "id")), StringComparison.Ordinal);
        var keyless = diary.At(2, Entry.ThrowInDecide, "bad");
        Assert.Contains("failed on it: bad", await diary.ReprocessAsync(keyless), StringComparison.Ordinal);
        diary.Break(Fault.Refused);
        Assert.Contains("it does not like it", await diary.ReprocessAsync(diary.Note(3)), StringComparison.Ordinal);

        Assert.Equal(kept, Assert.Single(diary.Stored.DeadLetters));
        await diary.ShouldHoldAsync("one");
    }

    [Fact]
    public async Task Every_payload_passes_the_serializer()
    {
        var diary = cluster.NewDiary();

        await diary.TakeAsync([.. Enumerable.Range(0, AggregateCluster.SnapshotEvery).Select(i => diary.Note(i))]);

        Assert.All(diary.Stored.Events, e => Assert.StartsWith("""{"sealed":""", e.Data, StringComparison.Ordinal));
        Assert.StartsWith("""{"sealed":""", diary.Stored.Snapshot!.State, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_cannot_be_stored_makes_dead_letters_and_passes_their_positions()
    {
        foreach (var key in new[] { new string('k', 300), "with\0nul" })
        {
            var diary = cluster.Diary(key);

            await diary.TakeAsync(diary.Note(0), diary.Note(1));

            var standIn = cluster.Store[StreamName.Of("diary", key).StreamKey];
            Assert.Equal([DeadLetterKind.Invalid, DeadLetterKind.Invalid], standIn.DeadLetters.Values.Select(d => d.Kind));
            Assert.Equal(1, Assert.Single(standIn.Positions.Values).Offset);
        }
    }
}

using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.DeadLetters;

namespace EventStore.Tests.Aggregates;

public sealed class OutageTests(AggregateCluster cluster) : IClassFixture<AggregateCluster>
{
    [Theory]
    [InlineData(Entry.Note)]
    [InlineData(Entry.Nothing)]
    [InlineData(Entry.ThrowInDecide)]
    public async Task A_write_whose_answer_was_lost_is_not_written_again(Entry entry)
    {
        var diary = cluster.NewDiary();
        diary.Break(Fault.AnswerLost);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => diary.TakeAsync(diary.Note(0), diary.At(1, entry, "x")));
        await diary.TakeAsync(diary.Note(0), diary.At(1, entry, "x"), diary.Note(2));

        Assert.Equal(entry == Entry.Note ? ["n0", "x", "n2"] : ["n0", "n2"], (await diary.Grain.Read()).Notes);
        Assert.Equal(2, diary.Stored.Appends.Count);
        Assert.DoesNotContain(diary.Stored.Ledger, l => l.Outcome == LedgerOutcome.Duplicate);
    }

    [Fact]
    public async Task An_outage_answers_the_caller_acknowledges_nothing_and_leaves_no_dead_letter()
    {
        var diary = cluster.NewDiary();
        diary.Break(Fault.Unreadable, Fault.Unavailable, Fault.Unavailable);

        for (var i = 0; i < 3; i++)
            await Assert.ThrowsAsync<StoreUnavailableException>(() => diary.TakeAsync(diary.Note(0), diary.Note(1)));
        Assert.Equal((0, 2), (diary.Stored.Appends.Count, diary.Attempts));

        await diary.TakeAsync(diary.Note(0), diary.Note(1));
        await diary.ShouldHoldAsync("n0", "n1");
        Assert.Empty(diary.StoredDeadLetters);
    }

    [Fact]
    public async Task A_batch_overtaken_by_another_writer_is_decided_again_on_the_new_state()
    {
        var diary = cluster.NewDiary();
        await diary.TakeAsync(diary.Note(0));
        diary.Break(Fault.Overtaken);

        await diary.TakeAsync(diary.Note(1));

        await diary.ShouldHoldAsync("n0", "from elsewhere", "n1");
    }

    [Fact]
    public async Task A_batch_without_events_is_decided_again_too_when_overtaken()
    {
        var diary = cluster.NewDiary();
        diary.Break(Fault.Overtaken);

        await diary.TakeAsync(diary.At(0, Entry.Nothing, "already so"));

        await diary.ShouldHoldAsync("from elsewhere");
        Assert.Single(diary.Stored.Ledger);
    }

    [Fact]
    public async Task What_another_activation_has_taken_in_meanwhile_is_not_taken_in_again()
    {
        var diary = cluster.NewDiary();
        await diary.TakeAsync(diary.Note(0));
        await cluster.Store.AppendAsync(new()
        {
            StreamKey = diary.StreamKey,
            AggregateName = "diary",
            ExpectedVersion = 1,
            Positions = [diary.Note(1).Coordinates],
            Events = [new(EventIds.OfRecord(diary.Note(1).EventId!), "noted", SealingSerializer.Seal("""{"text":"n1"}"""), new(diary.Note(1).Coordinates, null, "?"))],
        });

        await diary.TakeAsync(diary.Note(1), diary.Note(2));

        await diary.ShouldHoldAsync("n0", "n1", "n2");
        Assert.Empty(diary.StoredDeadLetters);
    }

    [Fact]
    public async Task A_stream_that_others_move_all_the_time_ends_in_an_error_and_not_in_a_loop()
    {
        var diary = cluster.NewDiary();
        diary.Break([.. Enumerable.Repeat(Fault.Overtaken, 10)]);

        var e = await Assert.ThrowsAsync<StreamContentionException>(() => diary.TakeAsync(diary.Note(0)));

        Assert.Contains(diary.StreamKey, e.Message, StringComparison.Ordinal);
        Assert.Equal(10, diary.Attempts);
        await diary.TakeAsync(diary.Note(0));
        Assert.Equal("n0", diary.StoredNotes.Last());
    }

    [Fact]
    public async Task Of_a_refused_batch_only_the_record_that_is_refused_becomes_a_dead_letter()
    {
        var diary = cluster.NewDiary();

        await diary.TakeAsync([.. Enumerable.Range(0, 9).Select(i => diary.Note(i, i == 6 ? "with \0 in it" : null))]);

        Assert.Equal([(6, DeadLetterKind.Unstorable)], diary.StoredDeadLetters);
        Assert.Contains("22P05", diary.Stored.DeadLetters.Values.Single().Reason, StringComparison.Ordinal);
        await diary.ShouldHoldAsync("n0", "n1", "n2", "n3", "n4", "n5", "n7", "n8");
        Assert.Equal(8, Assert.Single(diary.Stored.Positions.Values).Offset);
    }

    [Fact]
    public async Task A_store_that_refuses_even_a_dead_letter_is_an_error_and_the_grain_lives_on()
    {
        var diary = cluster.NewDiary();
        diary.Break(Fault.Refused, Fault.Refused);

        await Assert.ThrowsAsync<AppendRefusedException>(() => diary.TakeAsync(diary.Note(0)));

        Assert.Equal(2, diary.Attempts);
        await diary.TakeAsync(diary.Note(0));
        await diary.ShouldHoldAsync("n0");
    }
}

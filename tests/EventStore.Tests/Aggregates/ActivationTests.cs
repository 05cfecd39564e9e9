using EventStore.Aggregates;
using EventStore.Appending;

namespace EventStore.Tests.Aggregates;

public sealed class ActivationTests(AggregateCluster cluster) : IClassFixture<AggregateCluster>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Activation_does_not_wait_for_the_store()
    {
        var diary = cluster.NewDiary();
        var stall = new TaskCompletionSource();
        cluster.Faults.Stalled[diary.StreamKey] = stall.Task;

        await diary.Grain.Activation().WaitAsync(Soon);
        var taking = diary.TakeAsync(diary.Note(0));
        Assert.False(taking.IsCompleted);

        stall.SetResult();
        await taking.WaitAsync(Soon);
        await diary.ShouldHoldAsync("n0");
    }

    [Fact]
    public async Task An_activation_whose_first_read_fails_reads_again_when_asked_again()
    {
        var diary = cluster.NewDiary();
        diary.Break(Fault.Unreadable);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => diary.Grain.Read());

        await diary.ShouldHoldAsync();
    }

    [Fact]
    public async Task Reading_the_state_before_it_is_loaded_says_what_to_do()
    {
        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.NewDiary().Grain.ReadUnloaded());

        Assert.Contains("await LoadAsync()", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_history_that_cannot_be_folded_is_an_error_that_names_the_event_and_loses_no_record()
    {
        var diary = cluster.NewDiary();
        await cluster.Faults.AppendForeignAsync(diary.StreamKey, 0, "page-torn-out", "{}");

        var e = await Assert.ThrowsAsync<StreamUnreadableException>(() => diary.TakeAsync(diary.Note(0)));

        Assert.Contains($"{diary.StreamKey} cannot be read: Diary failed on its event 1 ('page-torn-out')", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, diary.Attempts);
    }

    [Fact]
    public async Task An_event_that_no_class_stands_for_is_an_error_that_names_it()
    {
        var diary = cluster.NewDiary();
        await cluster.Faults.AppendForeignAsync(diary.StreamKey, 0, "long-gone", "{}");

        var e = await Assert.ThrowsAsync<StreamUnreadableException>(() => diary.TakeAsync(diary.Note(0)));

        Assert.Contains("long-gone", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tentative_view_is_a_copy_and_needs_no_serializer_of_the_state()
    {
        var diary = cluster.NewDiary();
        await diary.TakeAsync(diary.Note(0));

        Assert.Equal(1, await diary.Grain.LookAhead());
        await diary.ShouldHoldAsync("n0");
    }

    [Fact]
    public async Task Events_are_reported_with_their_versions_once_they_are_durable()
    {
        var diary = cluster.NewDiary();

        await diary.TakeAsync(diary.Note(0), diary.At(1, Entry.Twice, "x"));
        await diary.Grain.Write(CommandId.New(), "y");

        Assert.Equal(diary.Stored.Events.Select(e => (e.Id, e.Version)), DiaryGrain.Committed[diary.Key].Select(e => (e.Id, e.Version)));
    }

    [Fact]
    public async Task A_hook_that_fails_does_not_undo_what_is_durable()
    {
        var diary = cluster.NewDiary();

        await diary.TakeAsync(diary.Note(0, "break the hook"));
        var receipt = await diary.Grain.Write(CommandId.New(), "break the hook");

        Assert.Equal(2, receipt.Version);
        await diary.ShouldHoldAsync("break the hook", "break the hook");
    }
}

using EventStore.Aggregates;
using EventStore.Appending;

namespace EventStore.Tests.Aggregates;

public sealed class CommandTests(AggregateCluster cluster) : IClassFixture<AggregateCluster>
{
    private static readonly CommandId First = new("first", "says this");

    [Fact]
    public async Task A_command_is_answered_after_it_is_durable()
    {
        var diary = cluster.NewDiary();

        var receipt = await diary.Grain.Write(First, "hello");

        Assert.Equal(new Receipt(ReceiptOutcome.Accepted, 1), receipt);
        Assert.Equal(EventIds.OfCommand(diary.StreamKey, "first"), Assert.Single(diary.Stored.Events).Id);
        Assert.Equal("first", diary.Stored.Events[0].Source!.CommandId);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_same_command_again_gets_the_earlier_answer(bool restart)
    {
        var diary = cluster.NewDiary();
        await diary.Grain.WriteTwice(First, "hello");
        await diary.Grain.Write(CommandId.New(), "other");
        if (restart)
            await diary.RestartAsync();

        var again = await diary.Grain.WriteTwice(First, "hello");

        Assert.Equal(new Receipt(ReceiptOutcome.Accepted, 2, Repeated: true), again);
        Assert.Equal(3, diary.Stored.Events.Count);
    }

    [Fact]
    public async Task A_command_that_would_now_be_refused_still_gets_its_earlier_answer()
    {
        var diary = cluster.NewDiary();
        await diary.Grain.WriteOnce(First, "hello");

        var again = await diary.Grain.WriteOnce(First, "hello");

        Assert.Equal(new Receipt(ReceiptOutcome.Accepted, 1, Repeated: true), again);
        Assert.Empty(diary.Stored.Ledger);
    }

    [Fact]
    public async Task A_command_that_would_now_throw_still_gets_its_earlier_answer()
    {
        var diary = cluster.NewDiary();
        await diary.Grain.WriteOrThrow(First, "hello");

        Assert.Equal(new Receipt(ReceiptOutcome.Accepted, 1, Repeated: true), await diary.Grain.WriteOrThrow(First, "hello"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => diary.Grain.WriteOrThrow(CommandId.New(), "hello"));
    }

    [Fact]
    public async Task A_refusal_is_durable_and_repeated_after_a_restart()
    {
        var diary = cluster.NewDiary();
        await diary.Grain.Write(CommandId.New(), "hello");
        var refused = await diary.Grain.WriteOnce(First, "hello");
        await diary.RestartAsync();

        var again = await diary.Grain.WriteOnce(First, "hello");

        Assert.Equal(new Receipt(ReceiptOutcome.Rejected, 1, "it is written"), refused);
        Assert.Equal(refused with { Repeated = true }, again);
        Assert.Equal(LedgerOutcome.Rejected, Assert.Single(diary.Stored.Ledger).Outcome);
    }

    [Fact]
    public async Task An_id_used_for_something_else_is_a_conflict()
    {
        var diary = cluster.NewDiary();
        await diary.Grain.Write(First, "hello");

        var receipt = await diary.Grain.Write(First with { Fingerprint = "says that" }, "other");

        Assert.Equal((ReceiptOutcome.Conflict, 1), (receipt.Outcome, receipt.Version));
        await diary.ShouldHoldAsync("hello");
    }

    [Fact]
    public async Task The_same_id_in_another_stream_is_another_command()
    {
        var (one, other) = (cluster.NewDiary(), cluster.NewDiary());
        await one.Grain.Write(First, "hello");

        Assert.Equal(new Receipt(ReceiptOutcome.Accepted, 1), await other.Grain.Write(First, "hello"));
    }

    [Fact]
    public async Task A_command_whose_answer_was_lost_is_answered_when_it_is_sent_again()
    {
        var diary = cluster.NewDiary();
        diary.Break(Fault.AnswerLost);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => diary.Grain.Write(First, "hello"));

        Assert.Equal(new Receipt(ReceiptOutcome.Accepted, 1, Repeated: true), await diary.Grain.Write(First, "hello"));
        await diary.ShouldHoldAsync("hello");
    }

    [Fact]
    public async Task An_overtaken_command_is_decided_on_the_new_state()
    {
        var diary = cluster.NewDiary();
        diary.Break(Fault.Overtaken);

        var receipt = await diary.Grain.WriteOnce(First, "from elsewhere");

        Assert.Equal(new Receipt(ReceiptOutcome.Rejected, 1, "it is written"), receipt);
    }

    [Fact]
    public async Task A_command_that_cannot_be_stored_is_refused_for_good()
    {
        var diary = cluster.NewDiary();

        var receipt = await diary.Grain.Write(First, "with \0 in it");

        Assert.Equal(ReceiptOutcome.Rejected, receipt.Outcome);
        Assert.Equal(receipt with { Repeated = true }, await diary.Grain.Write(First, "with \0 in it"));
    }

    [Fact]
    public async Task What_a_command_throws_reaches_the_caller_and_leaves_nothing()
    {
        var diary = cluster.NewDiary();

        var e = await Assert.ThrowsAsync<FormatException>(() => diary.Grain.Fail(First));

        Assert.Equal("what the command threw", e.Message);
        Assert.Equal(0, diary.Attempts);
    }

    [Theory]
    [InlineData("")]
    [InlineData("with\0nul")]
    public async Task An_id_that_cannot_be_kept_is_the_callers_error(string id) =>
        await Assert.ThrowsAsync<ArgumentException>(() => cluster.NewDiary().Grain.Write(new(id), "hello"));
}

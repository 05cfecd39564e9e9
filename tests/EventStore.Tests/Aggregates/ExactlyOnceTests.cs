using EventStore.DeadLetters;

namespace EventStore.Tests.Aggregates;

public sealed class ExactlyOnceTests(AggregateCluster cluster) : IClassFixture<AggregateCluster>
{
    [Fact]
    public Task Every_record_has_exactly_one_effect_in_order_whatever_happens() => IntakeProperty.HoldsAsync(cluster.NewDiary, diary =>
    {
        var stored = cluster.Store[diary.StreamKey];
        return Task.FromResult(new DiaryContents(
            stored.Events, [.. stored.Ledger.Select(l => (l.Source.Record!.Value.Offset, l.Outcome))],
            [.. stored.DeadLetters.Values.Select(d => (d.Record.Offset, d.Kind))], Assert.Single(stored.Positions.Values).Offset));
    }, iterations: 300);
}

/// <summary>The same on Postgres, through the real group commit.</summary>
public sealed class ExactlyOnceOnPostgresTests(PostgresCluster cluster) : IClassFixture<PostgresCluster>
{
    [Fact]
    public Task Every_record_has_exactly_one_effect_in_order_whatever_happens() =>
        IntakeProperty.HoldsAsync(cluster.NewDiary, cluster.ReadAsync, iterations: 40);

    [Fact]
    public async Task A_command_and_a_record_with_text_that_Postgres_refuses_get_their_answers()
    {
        var diary = cluster.NewDiary();

        await diary.TakeAsync(diary.Note(0), diary.Note(1, "not \0 storable"), diary.At(2, Entry.ThrowInDecide, "reason with \0"), diary.Note(3));
        var receipt = await diary.Grain.Write(new("command"), "not \0 storable");

        var stored = await cluster.ReadAsync(diary);
        Assert.Equal([(1, DeadLetterKind.Unstorable), (2, DeadLetterKind.AggregateFailed)], stored.DeadLetters.Order());
        Assert.Equal(["n0", "n3"], (await diary.Grain.Read()).Notes);
        Assert.Equal(EventStore.Aggregates.ReceiptOutcome.Rejected, receipt.Outcome);
        Assert.Equal(receipt with { Repeated = true }, await diary.Grain.Write(new("command"), "not \0 storable"));
    }

    [Fact]
    public async Task A_snapshot_is_stored_and_read_back()
    {
        var diary = cluster.NewDiary();
        var notes = Enumerable.Range(0, AggregateCluster.SnapshotOnDeactivation).Select(i => diary.Note(i)).ToArray();
        await diary.TakeAsync(notes);

        await diary.RestartAsync();

        var contents = await cluster.Faults.LoadAsync(diary.StreamKey, "diary", Diary.StateVersion, null);
        Assert.Equal((notes.Length, 0), (contents.Snapshot!.Version, contents.Events.Count));
        Assert.Equal(notes.Select(n => n.Value!.Text), (await diary.Grain.Read()).Notes);
    }
}


namespace EventStore.Tests.Aggregates;

public sealed class SnapshotTests(AggregateCluster cluster) : IClassFixture<AggregateCluster>
{
    [Fact]
    public async Task A_snapshot_is_taken_every_so_many_events_and_not_at_each_commit()
    {
        var diary = cluster.NewDiary();

        for (var i = 0; i < AggregateCluster.SnapshotEvery * 2 + 3; i++)
            await diary.TakeAsync(diary.Note(i));

        Assert.Equal(2, diary.Stored.SnapshotAttempts);
        Assert.Equal((3, 20L), (diary.Stored.Snapshot!.StateVersion, diary.Stored.Snapshot.Version));
    }

    [Theory]
    [InlineData(AggregateCluster.SnapshotOnDeactivation, 1)]
    [InlineData(AggregateCluster.SnapshotOnDeactivation - 1, 0)]
    public async Task A_deactivation_takes_one_if_it_is_worth_it(int events, int snapshots)
    {
        var diary = cluster.NewDiary();
        for (var i = 0; i < events; i++)
            await diary.TakeAsync(diary.Note(i));

        await diary.RestartAsync();

        Assert.Equal(snapshots, diary.Stored.SnapshotAttempts);
        Assert.Equal(events, (await diary.Grain.Read()).Version);
    }

    [Fact]
    public async Task The_state_starts_from_the_snapshot_and_goes_on_with_the_later_events()
    {
        var diary = cluster.NewDiary();
        await diary.TakeAsync(diary.Note(0), diary.Note(1));
        await diary.RestartAsync();
        diary.Stored.Snapshot = new(3, 1, SealingSerializer.Seal("""{"notes":["from the snapshot"]}"""));

        Assert.Equal(["from the snapshot", "n1"], (await diary.Grain.Read()).Notes);
    }

    [Theory]
    [InlineData(2, """{"sealed":{"notes":["of an older shape"]}}""")]
    [InlineData(3, """{"sealed":"not a diary"}""")]
    [InlineData(3, "not even JSON")]
    public async Task A_snapshot_of_another_shape_or_a_damaged_one_is_left_aside(int stateVersion, string state)
    {
        var diary = cluster.NewDiary();
        await diary.TakeAsync(diary.Note(0), diary.Note(1));
        await diary.RestartAsync();
        diary.Stored.Snapshot = new(stateVersion, 1, state);

        await diary.ShouldHoldAsync("n0", "n1");
    }

    [Fact]
    public async Task A_snapshot_beyond_the_end_of_its_stream_is_left_aside()
    {
        var diary = cluster.NewDiary();
        await diary.TakeAsync(diary.Note(0));
        await diary.RestartAsync();
        diary.Stored.Snapshot = new(3, 9, SealingSerializer.Seal("""{"notes":["of a store that was set back"]}"""));

        await diary.ShouldHoldAsync("n0");
    }

    [Fact]
    public async Task A_snapshot_that_fails_costs_nobody_anything()
    {
        var diary = cluster.NewDiary();
        diary.Stored.SnapshotsFail = true;

        for (var i = 0; i < AggregateCluster.SnapshotEvery + 1; i++)
            await diary.TakeAsync(diary.Note(i));

        Assert.Equal(1, diary.Stored.SnapshotAttempts);
        Assert.Equal(AggregateCluster.SnapshotEvery + 1, (await diary.Grain.Read()).Version);
    }
}

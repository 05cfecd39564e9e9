using EventStore.Checkpoints;

namespace EventStore.Tests.Checkpoints;

public sealed class PartitionCheckpointsTests(PostgresServer postgres) : IAsyncLifetime
{
    private TestStore _store = null!;

    private IPartitionCheckpoints Checkpoints => _store.Get<IPartitionCheckpoints>();

    public async ValueTask InitializeAsync() => _store = await TestStore.FreshAsync(postgres);

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private ValueTask<PartitionCheckpoint> TakeOverAsync(string incarnation = "i1") => Checkpoints.TakeOverAsync("kafka", "numbers", incarnation, 0);

    private ValueTask<bool> SaveAsync(long epoch, long next, string incarnation = "i1") => Checkpoints.SaveAsync("kafka", "numbers", incarnation, 0, epoch, next);

    [Fact]
    public async Task The_next_owner_goes_on_where_the_last_one_saved()
    {
        Assert.Equal(new PartitionCheckpoint(1, null, null), await TakeOverAsync());
        Assert.True(await SaveAsync(1, 42));
        Assert.Equal(new PartitionCheckpoint(2, 42, null), await TakeOverAsync());
    }

    [Fact]
    public async Task A_former_owner_cannot_save()
    {
        await TakeOverAsync();
        await TakeOverAsync();
        Assert.False(await SaveAsync(1, 42));
        Assert.Equal(new PartitionCheckpoint(3, null, null), await TakeOverAsync());
    }

    [Fact]
    public async Task A_checkpoint_never_moves_back()
    {
        await TakeOverAsync();
        await SaveAsync(1, 42);
        Assert.True(await SaveAsync(1, 7));
        Assert.Equal(42, (await TakeOverAsync()).NextOffset);
    }

    [Fact]
    public async Task A_recreated_topic_is_reported_until_its_first_save_and_fences_the_old_owner()
    {
        await TakeOverAsync();
        await SaveAsync(1, 42);
        Assert.Equal(new PartitionCheckpoint(2, null, "i1"), await TakeOverAsync("i2"));
        Assert.Equal(new PartitionCheckpoint(3, null, "i1"), await TakeOverAsync("i2"));
        Assert.False(await SaveAsync(1, 50));
        Assert.True(await SaveAsync(3, 0, "i2"));
        Assert.Equal(new PartitionCheckpoint(4, 0, null), await TakeOverAsync("i2"));
    }

    [Fact]
    public async Task Owners_that_take_over_at_once_get_different_epochs()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => TakeOverAsync($"i{i % 3}").AsTask()));
        Assert.Equal(Enumerable.Range(1, 20).Select(i => (long)i), all.Select(c => c.Epoch).Order());
    }

    [Fact]
    public async Task The_list_shows_each_partitions_present_owner()
    {
        await TakeOverAsync();
        await SaveAsync(1, 42);
        await TakeOverAsync("i2");
        await Checkpoints.TakeOverAsync("kafka", "numbers", "i2", 1);
        Assert.Equal([("i2", 0, 2L, null), ("i2", 1, 1L, null)],
            (await Checkpoints.ListAsync()).Select(c => (c.Incarnation, c.Partition, c.Epoch, c.NextOffset)));
    }
}

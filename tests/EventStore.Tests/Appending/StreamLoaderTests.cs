using EventStore.Appending;
using static EventStore.Tests.Appends;

namespace EventStore.Tests.Appending;

public sealed class StreamLoaderTests(PostgresServer postgres) : IAsyncLifetime
{
    private TestStore _store = null!;

    public async ValueTask InitializeAsync() => _store = await TestStore.FreshAsync(postgres);

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private ValueTask<StreamContents> LoadAsync(string key, long? after = null, int stateVersion = 1) =>
        _store.Get<IStreamLoader>().LoadAsync(key, "number", stateVersion, after);

    [Fact]
    public async Task A_stream_comes_back_as_it_was_written()
    {
        var source = new EventSource(At(5), null, "digest", Index: 2, Reprocessed: true, TraceParent: "00-trace");
        var first = Counted(1) with { Source = source };
        var command = Counted(2);
        await _store.Get<IGroupCommit>().AppendAsync(To("number/1", 0, first, command) with { Positions = [At(5), At(9, partition: 1)] });

        var stream = await LoadAsync("number/1");
        Assert.Equal(2, stream.Version);
        Assert.Equal([first.Id, command.Id], stream.Events.Select(e => e.Id));
        Assert.Equal([source, command.Source], stream.Events.Select(e => e.Source!));
        Assert.Equal([1L, 2L], stream.Events.Select(e => e.Version));
        Assert.Equal("""{"value": 1}""", stream.Events[0].Data);
        Assert.Equal([At(5), At(9, partition: 1)], stream.Positions.OrderBy(p => p.Partition));
    }

    [Fact]
    public async Task A_stream_without_events_may_have_positions()
    {
        await _store.Get<IGroupCommit>().AppendAsync(To("number/1", 0) with { Positions = [At(5)] });
        var stream = await LoadAsync("number/1");
        Assert.Equal((0, 0), (stream.Version, stream.Events.Count));
        Assert.Equal([At(5)], stream.Positions);
    }

    [Fact]
    public async Task Only_what_a_snapshot_lacks_is_read_and_a_snapshot_of_another_shape_is_left_aside()
    {
        await _store.Get<IGroupCommit>().AppendAsync(To("number/1", 0, Counted(1), Counted(2), Counted(3)));
        var snapshots = _store.Get<ISnapshotStore>();
        await snapshots.SaveAsync("number/1", "number", new StateSnapshot(1, 2, """{"sum": 3}"""));
        await snapshots.SaveAsync("number/1", "number", new StateSnapshot(1, 1, """{"sum": 1}""")); // older: ignored

        var stream = await LoadAsync("number/1");
        Assert.Equal(new StateSnapshot(1, 2, """{"sum": 3}"""), stream.Snapshot);
        Assert.Equal(3, Assert.Single(stream.Events).Version);

        var otherShape = await LoadAsync("number/1", stateVersion: 2);
        Assert.Null(otherShape.Snapshot);
        Assert.Equal(3, otherShape.Events.Count);
    }

    [Fact]
    public async Task A_reload_reads_only_what_is_new()
    {
        await _store.Get<IGroupCommit>().AppendAsync(To("number/1", 0, Counted(1), Counted(2), Counted(3)));
        await _store.Get<ISnapshotStore>().SaveAsync("number/1", "number", new StateSnapshot(1, 1, "{}"));
        var stream = await LoadAsync("number/1", after: 2);
        Assert.Null(stream.Snapshot);
        Assert.Equal(3, Assert.Single(stream.Events).Version);
    }

    [Fact]
    public async Task A_thousand_activations_at_once_each_get_their_own_stream()
    {
        await Task.WhenAll(Enumerable.Range(0, 1_000).Select(i => _store.Get<IGroupCommit>().AppendAsync(To($"number/{i}", 0, Counted(i))).AsTask()));
        var streams = await Task.WhenAll(Enumerable.Range(0, 1_001).Select(i => LoadAsync($"number/{i}").AsTask()));
        Assert.All(streams[..1_000].Index(), s => Assert.Equal($$"""{"value": {{s.Index}}}""", Assert.Single(s.Item.Events).Data));
        Assert.Equal(0, streams[1_000].Version);
    }
}

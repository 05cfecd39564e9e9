using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using StreamJobs.Checkpoints;
using StreamJobs.Engine;
using StreamJobs.Lake;
using StreamJobs.Running;
using StreamJobs.State;
using Testing.Postgres;
using Testing;

namespace StreamJobs.Tests;

/// <summary>A join on a partition of its topic, on a real database.</summary>
public sealed class JoinPartitionTests(PostgresServer postgres) : IDisposable
{
    private static readonly Job Pairs = Job.Named("joined").From<Visit>("lefts").Watermark(v => v.Time, TimeSpan.Zero).KeyBy(v => v.Who)
        .Join(other => other.From<Visit>("rights").Watermark(v => v.Time, TimeSpan.Zero).KeyBy(v => v.Who), -10.Milliseconds(), 10.Milliseconds())
        .Select((left, right) => new { sum = left.Value + right.Value }).ToLake();

    private readonly string _folder = TestFolder.New();

    [Fact]
    public async Task A_new_owner_goes_on_with_the_records_that_wait_and_the_places_that_were_taken_and_nothing_is_left_behind_the_end()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using (var former = await OpenAsync(world))
        {
            await former.ProcessAsync(new Inputs(0, Left("a", 100, 0, 1), Left("b", 100, 1, 2), Right("a", 95, 0, 10)), default);
            await former.CheckpointAsync();
            await former.ProcessAsync(new Inputs(3, Right("b", 90, 1, 20)), default); // crashes before it is kept
        }

        await using (var owner = await OpenAsync(world))
        {
            // A feeder that was set back has sent its first record again.
            await owner.ProcessAsync(new Inputs(3, Right("b", 90, 1, 20), Left("a", 100, 0, 1), Right("a", 110, 2, 30)), default);
            await owner.CheckpointAsync();
            Assert.Equal(["a|0.0|0.0 95-101 11", "a|0.0|0.2 100-111 31", "b|0.1|0.1 90-101 22"], await RowsAsync(world));
            var status = await StatusAsync(world);
            Assert.Equal((5, 2), (status.Records, status.Keys));
        }

        await using (var owner = await OpenAsync(world))
        {
            await owner.ProcessAsync(new Inputs(6, Mark(JoinSide.Left, 500), Mark(JoinSide.Right, 111)), default);
            await owner.CheckpointAsync();
            Assert.Equal(111, (await StatusAsync(world)).Watermark?.ToUnixTimeMilliseconds());
            await LakeAsync(world);
            Assert.Equal(3, LakeFiles.Of(_folder).SelectMany(LakeFiles.Read).Count());
            await owner.ProcessAsync(new Inputs(8, Mark(JoinSide.Left, long.MaxValue), Mark(JoinSide.Right, long.MaxValue)), default);
            await owner.CheckpointAsync();
        }

        var end = await StatusAsync(world);
        Assert.Equal((0, DateTimeOffset.MaxValue), (end.Keys, end.Watermark));
        Assert.Equal(0L, await world.Source.CreateCommand("select count(*) from jobs.job_state where pane = 0").ExecuteScalarAsync());
        await LakeAsync(world);
        Assert.Equal(3, LakeFiles.Of(_folder).SelectMany(LakeFiles.Read).Count());
    }

    [Fact]
    public async Task A_partition_that_was_never_heard_of_is_named_once_while_records_are_kept_for_it()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        var (time, log) = (new FakeTimeProvider(DateTimeOffset.UtcNow), new Warnings());
        await using var partition = await OpenAsync(world, time, log);
        await partition.ProcessAsync(new Inputs(0, Left("a", 100, 0, 1), Mark(JoinSide.Left, 500)), default);
        await partition.TickAsync(default);
        Assert.Empty(log.Said);
        for (var i = 0; i < 3; i++)
        {
            time.Advance(TimeSpan.FromSeconds(10));
            await partition.TickAsync(default);
        }

        Assert.Contains("rights/0", Assert.Single(log.Said), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Records_of_a_topic_that_was_created_again_are_taken_although_their_offsets_begin_anew()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using var partition = await OpenAsync(world);
        await partition.ProcessAsync(new Inputs(0, Left("a", 100, 5, 1), Left("a", 101, 0, 2) with { Incarnation = "two" }, Right("a", 100, 0, 10)), default);
        await partition.CheckpointAsync();
        Assert.Equal(["a|0.0|0.0 100-102 12", "a|0.5|0.0 100-101 11"], await RowsAsync(world));
    }

    [Fact]
    public void The_records_that_a_join_keeps_are_counted_however_few_keys_they_have_and_after_a_restart_too()
    {
        var (bounds, blobs) = (new JoinBounds(0, 10, 0), new List<StateBlob>());
        var records = new JoinRecords(0, bounds);
        for (var i = 0; i < 5; i++)
            records.Add(JoinSide.Left, "k", new(i, 0, i, 0, "{}"));
        Assert.Equal((1, 5), (records.Keys, records.Count));
        records.Release(JoinSide.Left, 12); // those at 0 and 1 find no partner any more
        Assert.Equal((1, 3), (records.Keys, records.Count));
        records.TakeChanges(blobs);
        var restored = new JoinRecords(0, bounds);
        restored.Restore(blobs);
        Assert.Equal((1, 3), (restored.Keys, restored.Count));
    }

    [Fact]
    public async Task A_join_that_is_set_back_comes_to_the_same_pairs()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using (var owner = await OpenAsync(world))
        {
            await owner.ProcessAsync(new Inputs(0, Left("a", 100, 0, 1), Right("a", 100, 0, 10)), default);
            await owner.CheckpointAsync();
            await world.Savepoints.CreateAsync(Pairs, "s1", "tester");
            await owner.ProcessAsync(new Inputs(2, Right("a", 101, 1, 20)), default);
            await owner.CheckpointAsync();
        }

        Assert.Equal(SavepointOutcome.Done, await world.Savepoints.RestoreAsync(Pairs, "s1"));
        Assert.Equal(["a|0.0|0.0 100-101 11"], await RowsAsync(world)); // a faulty release's pairs may not come again
        await using var next = await OpenAsync(world);
        await next.ProcessAsync(new Inputs(2, Right("a", 101, 1, 20)), default);
        await next.CheckpointAsync();
        Assert.Equal(["a|0.0|0.0 100-101 11", "a|0.0|0.1 100-102 21"], await RowsAsync(world));
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    private static async Task<JobPartition> OpenAsync(PartitionWorld world, TimeProvider? time = null, ILogger? log = null)
    {
        var services = world.Services(time: time) with { Readers = new Reader() };
        var partition = new JobPartition(Pairs.Topic, 0, [Pairs], log is null ? services : services with { Logger = log });
        await partition.OpenAsync("one", 0, default);
        return partition;
    }

    private async Task LakeAsync(PartitionWorld world)
    {
        var writer = new LakeWriter(Pairs, world.Services(new() { LakeFolder = _folder, LakeInterval = TimeSpan.FromMilliseconds(1) }));
        await writer.OpenAsync(default);
        await writer.RunAsync(default);
    }

    private static async Task<string[]> RowsAsync(PartitionWorld world) =>
        [.. (await new JobCatalog(world.Store).ResultsAsync(Pairs, new ResultQuery(null, null, null, null, null), 100))
            .Select(r => $"{r.Key} {r.StartMs}-{r.EndMs} {r.Value.GetProperty("sum")}").Order(StringComparer.Ordinal)];

    private static async Task<JobPartitionStatus> StatusAsync(PartitionWorld world) => (await new JobCatalog(world.Store).PartitionsAsync(Pairs.Name)).Single();

    private static JoinInput Left(string who, long at, long offset, int value) => Input(JoinSide.Left, who, at, offset, value);

    private static JoinInput Right(string who, long at, long offset, int value) => Input(JoinSide.Right, who, at, offset, value);

    private static JoinInput Input(JoinSide side, string who, long at, long offset, int value) => new()
    {
        Side = side,
        SourcePartition = 0,
        Incarnation = "one",
        SourceOffset = offset,
        Key = who,
        Timestamp = at,
        Value = JsonSerializer.Serialize(new Visit(who, at, value)),
    };

    private static JoinInput Mark(JoinSide side, long watermark) => new() { Side = side, SourcePartition = 0, Watermark = watermark };

    private sealed class Inputs(long start, params JoinInput[] inputs) : IJobChunk
    {
        public string Incarnation => "one";

        public long StartOffset => start;

        public long NextOffset => start + inputs.Length;

        public long? GapFrom => null;

        public int Count => inputs.Length;

        public long OffsetAt(int index) => start + index;

        public long TimestampAt(int index) => long.MaxValue;

        public bool HasKeyAt(int index) => true;

        public string? KeyAt(int index) => inputs[index].Key;

        public ReadOnlyMemory<byte> ValueAt(int index) => JsonSerializer.SerializeToUtf8Bytes(inputs[index]);
    }

    private sealed class Reader : IJobRecordReaders, IJobRecordReader<JoinInput>
    {
        public IJobRecordReader<T> Create<T>() => (IJobRecordReader<T>)(object)this;

        public bool TryRead(ReadOnlyMemory<byte> value, out JoinInput record)
        {
            record = JsonSerializer.Deserialize<JoinInput>(value.Span)!;
            return true;
        }

        public ValueTask LoadAsync(ReadOnlyMemory<byte> value, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class Warnings : ILogger
    {
        public List<string> Said { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == 4008)
                Said.Add(formatter(state, exception));
        }
    }
}

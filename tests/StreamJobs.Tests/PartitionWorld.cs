using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using StreamJobs.Checkpoints;
using StreamJobs.Running;
using StreamJobs.Sinks;
using Testing.Postgres;

namespace StreamJobs.Tests;

/// <summary>A partition of visits on a real database, without broker or clock.</summary>
internal sealed class PartitionWorld : IAsyncDisposable, IJobFaults, IJobRecordReaders, IJobRecordReader<Visit>, IJobRecordEncoder
{
    private readonly NpgsqlDataSource _source;

    private PartitionWorld(string database) => (_source, Store) = (NpgsqlDataSource.Create(database), null!);

    public JobStore Store { get; private set; }

    public NpgsqlDataSource Source => _source;

    public int FailingFaults { get; set; }

    /// <summary>What happens while a fault is kept.</summary>
    public Action OnFault { get; set; } = () => { };

    /// <summary>What happens when a checkpoint has kept a job, before it counts as written.</summary>
    public Action OnKept { get; set; } = () => { };

    public List<long?> PositionsAtFaults { get; } = [];

    public List<JobFault> Kept { get; } = [];

    public static async Task<PartitionWorld> StartAsync(PostgresServer postgres)
    {
        var world = new PartitionWorld(await postgres.CreateDatabaseAsync());
        await world._source.CreateCommand("create schema jobs").ExecuteNonQueryAsync();
        world.Store = new JobStore(world._source, "jobs");
        await world.Store.CreateTablesAsync();
        return world;
    }

    public static readonly Job Counts = Visits.Keyed().Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count(v => IsGood(v)) });

    public JobSavepoints Savepoints => new(Store);

    public JobControls Controls => new(Store);

    public JobServices Services(JobOptions? options = null, TimeProvider? time = null) => new(
        Store, options ?? new() { CheckpointInterval = TimeSpan.FromHours(1), CheckpointTimeout = TimeSpan.FromHours(2), CheckpointPause = TimeSpan.FromHours(1) },
        this, this, this, new TopicConnection("", new Dictionary<string, string>(), t => t, "test"), _ => OnKept(), _ => 1, time ?? TimeProvider.System, NullLogger.Instance);

    public async Task<JobPartition> OpenAsync(JobOptions? options = null, TimeProvider? time = null, Job? job = null, long startOffset = 0)
    {
        var partition = new JobPartition("visits", 0, [job ?? Counts], Services(options, time));
        await partition.OpenAsync("one", startOffset, default);
        return partition;
    }

    /// <summary>Has a job's input end, on a partition that has been taken to its end.</summary>
    public async Task DrainAsync(Job job)
    {
        await Controls.SetAsync(job, JobState.Draining, "test");
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var partition = await OpenAsync(time: clock, job: job);
        partition.EndAt([job.Name], 0);
        clock.Advance(TimeSpan.FromSeconds(1));
        await partition.TickAsync(default);
        await partition.CheckpointAsync();
    }

    public async Task<JobPartitionStatus> StatusAsync() => (await new JobCatalog(Store).PartitionsAsync("visits")).Single();

    /// <summary>Waits until a checkpoint, which is written beside the turns, has kept a job's position.</summary>
    public async Task<JobPartitionStatus> UntilKeptAsync(string job, long nextOffset)
    {
        for (var left = 1000; ; left--)
        {
            if ((await new JobCatalog(Store).PartitionsAsync(job)).SingleOrDefault() is { } kept && kept.NextOffset >= nextOffset)
                return kept;
            Assert.True(left > 0, $"{job} was not kept at {nextOffset}");
            await Task.Delay(10);
        }
    }

    public async Task<string[]> ResultsAsync() =>
        [.. (await new JobCatalog(Store).ResultsAsync(Counts, new ResultQuery(null, null, null, null, null), 100)).Select(r => $"{r.Key} {r.StartMs} {r.Value.GetProperty("c")}")];

    public async ValueTask AddAsync(JobFault fault, CancellationToken cancellationToken)
    {
        PositionsAtFaults.Add((await new JobCatalog(Store).PartitionsAsync("visits", cancellationToken)).SingleOrDefault()?.NextOffset);
        if (FailingFaults-- > 0)
            throw new TimeoutException("the dead letters cannot be written");
        Kept.Add(fault);
        OnFault();
    }

    public IJobRecordReader<T> Create<T>() => (IJobRecordReader<T>)(object)this;

    public bool TryRead(ReadOnlyMemory<byte> value, out Visit record)
    {
        record = System.Text.Json.JsonSerializer.Deserialize<Visit>(value.Span);
        return true;
    }

    public ValueTask LoadAsync(ReadOnlyMemory<byte> value, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask PrepareAsync(string topic, Type recordType, CancellationToken cancellationToken) => throw new NotSupportedException();

    public int MaxBytes { get; set; } = int.MaxValue;

    public byte[] Encode(string topic, Type recordType, object record) => System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(record, recordType);

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private static bool IsGood(Visit visit) => visit.Value == 13 ? throw new InvalidOperationException("thirteen") : true;
}

/// <summary>Records of the partition.</summary>
internal sealed class Chunk(long start, params Visit[] visits) : IJobChunk
{
    public string Incarnation { get; init; } = "one";

    public long StartOffset => start;

    public long NextOffset => start + visits.Length;

    public long? GapFrom { get; init; }

    public int Count => visits.Length;

    public long OffsetAt(int index) => start + index;

    public long KafkaMs { get; init; } = long.MaxValue;

    public long TimestampAt(int index) => KafkaMs;

    public bool HasKeys { get; init; } = true;

    public bool HasKeyAt(int index) => HasKeys;

    public string? KeyAt(int index) => HasKeys ? visits[index].Who : null;

    public ReadOnlyMemory<byte> ValueAt(int index) => System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(visits[index]);
}

using StreamJobs.Engine;

namespace EventPlatform.Jobs;

/// <summary>The jobs of one topic on one partition, by <c>topic/partition</c>.</summary>
[Alias("event-platform.job-partition")]
public interface IJobPartitionGrain : IGrainWithStringKey
{
    /// <summary>
    /// Takes the partition over if that has not happened: an idle partition has jobs too. Called by the silo that reads it, which is also the placement hint:
    /// a grain that lives elsewhere moves there.
    /// </summary>
    /// <param name="incarnation">The topic's incarnation.</param>
    /// <param name="position">Where jobs begin that have no position yet.</param>
    [Alias("ensure")]
    Task EnsureAsync(string incarnation, long position);

    /// <summary>How far each job has taken the partition, kept by a checkpoint or not: the next offset. Those that are paused or drained are left out.</summary>
    [Alias("positions")]
    Task<Dictionary<string, long>> PositionsAsync();

    /// <summary>A job's open windows on this partition, as far as they have come.</summary>
    [Alias("open-windows")]
    Task<List<OpenWindowRow>> OpenResultsAsync(string job, OpenWindowsQuery query);

    /// <summary>This partition's part of a merged job's open slices.</summary>
    [Alias("open-slices")]
    Task<List<OpenSlice>> OpenSlicesAsync(string job);
}

/// <summary>The merger of one job, by its name.</summary>
[Alias("event-platform.job-merger")]
public interface IJobMergerGrain : IGrainWithStringKey
{
    /// <summary>A partition has moved on: see what can be merged.</summary>
    [Alias("nudge")]
    Task NudgeAsync();

    /// <summary>Open windows as far as they have come, with the partitions' open slices.</summary>
    [Alias("open-windows")]
    Task<List<OpenWindowRow>> OpenResultsAsync(OpenWindowsQuery query);
}

/// <summary>Writes one job's lake, by the job's name.</summary>
[Alias("event-platform.job-lake")]
public interface IJobLakeGrain : IGrainWithStringKey
{
    /// <summary>See what has become final.</summary>
    [Alias("nudge")]
    Task NudgeAsync();
}

/// <summary>Which open windows are asked for: those of a key, that start in a span of time, that come behind a place, and how many.</summary>
[GenerateSerializer, Alias("event-platform.open-windows-query"), Immutable]
public sealed record OpenWindowsQuery(
    [property: Id(0)] string? Key, [property: Id(1)] long? FromMs, [property: Id(2)] long? ToMs, [property: Id(3)] long? AfterEndMs, [property: Id(4)] string? AfterKey,
    [property: Id(5)] long? AfterStartMs, [property: Id(6)] int Limit)
{
    internal OpenQuery ToQuery() => new(Key, FromMs, ToMs, AfterKey is null ? null : new(AfterEndMs!.Value, AfterKey, AfterStartMs!.Value), Limit);
}

/// <summary>An open window's result so far; its value is a JSON object.</summary>
[GenerateSerializer, Alias("event-platform.open-window"), Immutable]
public sealed record OpenWindowRow(
    [property: Id(0)] string Key, [property: Id(1)] long StartMs, [property: Id(2)] long EndMs, [property: Id(3)] byte[] Json);

/// <summary>A partition's part of a slice, in the job's own form.</summary>
[GenerateSerializer, Alias("event-platform.open-slice"), Immutable]
public sealed record OpenSlice([property: Id(0)] int Partition, [property: Id(1)] long Slice, [property: Id(2)] byte[] Data);

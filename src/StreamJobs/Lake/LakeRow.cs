using System.Text.Json;
using StreamJobs.Engine;

namespace StreamJobs.Lake;

/// <summary>A final result on its way into a file.</summary>
/// <param name="Partition">The partition that gave it; -1 for a merged one.</param>
/// <param name="Key">The key.</param>
/// <param name="StartMs">The window's start, in Unix milliseconds.</param>
/// <param name="EndMs">Its end.</param>
/// <param name="Revision">0 if it was never corrected.</param>
/// <param name="Value">What was computed, as stored.</param>
internal sealed record LakeRow(int Partition, string Key, long StartMs, long EndMs, int Revision, JsonElement Value)
{
    /// <summary>The day that its window began on, in UTC.</summary>
    public DateOnly Date => DateOnly.FromDateTime(EventTime.At(StartMs).UtcDateTime);
}

/// <summary>A file of the lake.</summary>
/// <param name="Number">Its number among the job's files.</param>
/// <param name="Path">Its place, below the job's folder.</param>
/// <param name="Rows">How many results it holds.</param>
/// <param name="Bytes">Its size.</param>
internal sealed record LakeFile(long Number, string Path, long Rows, long Bytes)
{
    /// <summary>Where it lies before it is published: no reader looks there, and the name is no Parquet file's.</summary>
    public string TemporaryPath => System.IO.Path.Combine(TemporaryFolder, $"{System.IO.Path.GetFileName(Path)}.tmp");

    public const string TemporaryFolder = "_temporary";
}

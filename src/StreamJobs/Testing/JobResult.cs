using System.Text.Json;
using StreamJobs.Engine;

namespace StreamJobs.Testing;

/// <summary>A result, as a reader of the job's results sees it.</summary>
/// <param name="Key">The key.</param>
/// <param name="Start">The window's start; inclusive.</param>
/// <param name="End">The window's end; exclusive.</param>
/// <param name="Revision">0 for the first, one more for each correction.</param>
/// <param name="Retracted">Whether there is no such result any more, or not until its session closes again.</param>
/// <param name="Value">What was computed, as a JSON object with the names that the job gave.</param>
public sealed record JobResult(string Key, DateTimeOffset Start, DateTimeOffset End, int Revision, bool Retracted, JsonElement Value)
{
    internal static JobResult Of(ResultRow row) => new(
        row.Key, DateTimeOffset.FromUnixTimeMilliseconds(row.StartMs), DateTimeOffset.FromUnixTimeMilliseconds(row.EndMs), row.Revision, row.Retracted,
        JsonSerializer.Deserialize<JsonElement>(row.Json));
}

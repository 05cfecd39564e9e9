using StreamJobs.Checkpoints;

namespace StreamJobs.Engine;

/// <summary>Which results of open windows are wanted. They come by their windows' ends, then by key and start, and only those that are given out are written as JSON.</summary>
/// <param name="Key">Of this key only; null: of all.</param>
/// <param name="FromMs">Of windows that start at this time or later, in milliseconds since the Unix epoch.</param>
/// <param name="ToMs">Of windows that start before this time.</param>
/// <param name="After">Behind this place.</param>
/// <param name="Limit">The most results.</param>
public sealed record OpenQuery(string? Key = null, long? FromMs = null, long? ToMs = null, ResultPlace? After = null, int Limit = int.MaxValue)
{
    internal static OpenQuery All { get; } = new();

    /// <summary>The rows of the results that are wanted.</summary>
    /// <param name="open">The results, of the key if there is one.</param>
    internal IEnumerable<ResultRow> Rows<TResult>(IEnumerable<WindowResult<TResult>> open) => open
        .Where(r => (Key is null || r.Key == Key) && !(r.StartMs < FromMs) && !(r.StartMs >= ToMs) && (After is null || After.IsBefore(r.EndMs, r.Key, r.StartMs)))
        .OrderBy(r => r.EndMs).ThenBy(r => r.Key, StringComparer.Ordinal).ThenBy(r => r.StartMs).Take(Limit)
        .Select(JobOutput<TResult>.ToRow);
}

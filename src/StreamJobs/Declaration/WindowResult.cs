namespace StreamJobs;

/// <summary>What a window of a key came to.</summary>
/// <typeparam name="TResult">What the job computes.</typeparam>
/// <param name="Key">The key.</param>
/// <param name="StartMs">The window's start, in Unix milliseconds; inclusive.</param>
/// <param name="EndMs">The window's end, in Unix milliseconds; exclusive.</param>
/// <param name="Revision">0 for the first result, then one more for each correction by a record within the allowed lateness.</param>
/// <param name="Retracted">Whether there is no such result any more: a late record joined the session to another, or has it go on, and it has its next result when it closes again.</param>
/// <param name="Value">What was computed.</param>
public readonly record struct WindowResult<TResult>(string Key, long StartMs, long EndMs, int Revision, bool Retracted, TResult Value)
{
    /// <summary>The window's start; inclusive.</summary>
    public DateTimeOffset Start => DateTimeOffset.FromUnixTimeMilliseconds(StartMs);

    /// <summary>The window's end; exclusive.</summary>
    public DateTimeOffset End => DateTimeOffset.FromUnixTimeMilliseconds(EndMs);
}

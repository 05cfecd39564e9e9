namespace StreamJobs.Running;

/// <summary>How long after a checkpoint of a partition the next one is due.</summary>
internal static class CheckpointPace
{
    /// <summary>The least time between two that only bring records to a join: nearly every chunk has some, and a checkpoint for each would be most of the work.</summary>
    private static readonly TimeSpan InputPause = TimeSpan.FromMilliseconds(250);

    /// <summary>The time from one checkpoint to the next.</summary>
    /// <param name="options">How jobs run.</param>
    /// <param name="isCatchingUp">Whether records had waited on the topic for longer than the interval: results can wait for it too then, and catching up is faster.</param>
    /// <param name="hasResults">Whether someone waits for what the next one keeps.</param>
    /// <param name="hasInputs">Whether a join does.</param>
    public static TimeSpan Wait(JobOptions options, bool isCatchingUp, bool hasResults, bool hasInputs)
    {
        if (isCatchingUp)
            return options.CheckpointInterval;
        var wait = hasResults ? options.CheckpointPause : hasInputs ? InputPause : options.CheckpointInterval;
        return wait < options.CheckpointInterval ? wait : options.CheckpointInterval;
    }

    /// <summary>
    /// The time from the end of a checkpoint that someone waited for to the next: three times as long as it took, and at most the interval. On a busy machine each is larger, and there
    /// are fewer of them, instead of one after the other.
    /// </summary>
    /// <param name="options">How jobs run.</param>
    /// <param name="took">How long the last one took.</param>
    public static TimeSpan Rest(JobOptions options, TimeSpan took) => took * 3 < options.CheckpointInterval ? took * 3 : options.CheckpointInterval;
}

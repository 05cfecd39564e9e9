using StreamJobs.State;

namespace StreamJobs.Engine;

/// <summary>The windows of one job on one partition.</summary>
/// <typeparam name="T">The records.</typeparam>
/// <typeparam name="TResult">The results.</typeparam>
internal interface IWindows<T, TResult>
{
    /// <summary>The watermark at which <see cref="Advance"/> next has something to do; <see cref="long.MaxValue"/> if nothing waits.</summary>
    long NextDeadline { get; }

    /// <summary>How many keys are held, over all windows.</summary>
    long Keys { get; }

    /// <summary>Adds a record. When the job's code throws, nothing has changed.</summary>
    /// <returns>False when it is late: it belongs to final windows only.</returns>
    bool Add(string key, long timestamp, in T record, long watermark);

    /// <summary>Closes what the watermark has passed.</summary>
    void Advance(long watermark);

    /// <summary>Looks at the clock.</summary>
    /// <returns>Whether something has come of it.</returns>
    bool Tick(DateTimeOffset now) => false;

    /// <summary>What has changed since the last call.</summary>
    void TakeChanges(List<StateBlob> changes);

    /// <summary>Takes back what a checkpoint kept. Before the first record, with the watermark of then, and the time up to which windows were final.</summary>
    void Restore(IEnumerable<StateBlob> blobs, long watermark, long finalUpTo);

    /// <summary>The results of windows that are still open, as far as they have come: of one key, or of all.</summary>
    IEnumerable<WindowResult<TResult>> Open(long watermark, string? key);
}

namespace StreamJobs.Running;

/// <summary>How jobs run. Section <c>Jobs</c> of the configuration.</summary>
public sealed class JobOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Jobs";

    /// <summary>How often state is kept. 1 s by default. A window that closes is kept at once, so results don't wait for this, unless its records had waited on the topic for longer, or checkpoints take long.</summary>
    public TimeSpan CheckpointInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The shortest time between two checkpoints of a partition. 25 ms by default. After one that someone waited for and that took long it is three times as long as that, up to the interval.</summary>
    public TimeSpan CheckpointPause { get; set; } = TimeSpan.FromMilliseconds(25);

    /// <summary>How long a checkpoint may be under way before its partition takes no further records. 10 s by default.</summary>
    public TimeSpan CheckpointTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>After how long without records a partition no longer holds up merged results. 10 s by default. It never changes which window counts a record.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The most keys that a job may have in open windows on a partition; a key in two windows (or, of a sliding one, in two steps) counts twice; of a join, the records that it keeps are counted.
    /// 5,000,000 by default. State lives in memory and is not spilled to disk: a key costs nanoseconds to find this way. Past it the job takes no more records there, loses none, and says so; the
    /// other jobs go on.
    /// </summary>
    public long MaxKeys { get; set; } = 5_000_000;

    /// <summary>
    /// Where jobs with a lake write their files: a folder that every silo sees as the same one. Null by default: nothing is written, and results wait in the
    /// table until there is a folder.
    /// </summary>
    public string? LakeFolder { get; set; }

    /// <summary>The least time between two files of a job's lake, unless more than 100,000 results wait. One minute by default.</summary>
    public TimeSpan LakeInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Why the options cannot be used; nothing when they can.</summary>
    public IEnumerable<string> Mistakes()
    {
        if (CheckpointPause <= TimeSpan.Zero)
            yield return $"{Section}:{nameof(CheckpointPause)} must be more than 0, not {CheckpointPause}.";
        if (CheckpointInterval < CheckpointPause)
            yield return $"{Section}:{nameof(CheckpointInterval)} ({CheckpointInterval}) must not be less than {nameof(CheckpointPause)} ({CheckpointPause}).";
        if (CheckpointTimeout <= CheckpointInterval)
            yield return $"{Section}:{nameof(CheckpointTimeout)} ({CheckpointTimeout}) must be more than {nameof(CheckpointInterval)} ({CheckpointInterval}).";
        if (IdleTimeout <= TimeSpan.Zero)
            yield return $"{Section}:{nameof(IdleTimeout)} must be more than 0, not {IdleTimeout}.";
        if (MaxKeys < 1)
            yield return $"{Section}:{nameof(MaxKeys)} must be at least 1, not {MaxKeys}.";
        if (LakeInterval <= TimeSpan.Zero)
            yield return $"{Section}:{nameof(LakeInterval)} must be more than 0, not {LakeInterval}.";
        if (LakeFolder is not null && !Path.IsPathFullyQualified(LakeFolder))
            yield return $"{Section}:{nameof(LakeFolder)} must be a full path, which every silo sees as the same folder, not '{LakeFolder}'.";
    }
}

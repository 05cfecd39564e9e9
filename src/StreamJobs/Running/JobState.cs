namespace StreamJobs.Running;

/// <summary>What a job does, or shall do.</summary>
public enum JobState
{
    /// <summary>It takes records.</summary>
    Running = 1,

    /// <summary>It takes none, and goes on later where it stopped. Its windows stay in memory and can be read.</summary>
    Paused = 2,

    /// <summary>Its input ends: it takes what lies on its topic by now, then every window is final.</summary>
    Draining = 3,

    /// <summary>It is not in memory. What its checkpoints kept stays, and it goes on from there when it is started.</summary>
    Stopped = 4,

    /// <summary>It is not in memory, and what its checkpoints kept is gone. When it is started, it begins anew.</summary>
    Cancelled = 5,
}

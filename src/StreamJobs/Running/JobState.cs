namespace StreamJobs.Running;

/// <summary>What a job does, or shall do.</summary>
public enum JobState
{
    /// <summary>It takes records.</summary>
    Running = 1,

    /// <summary>It takes none, and goes on later where it stopped.</summary>
    Paused = 2,

    /// <summary>Its input ends: it takes what lies on its topic by now, then every window is final.</summary>
    Draining = 3,
}

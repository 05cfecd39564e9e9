namespace StreamJobs.Running;

/// <summary>What a job does, or shall do.</summary>
public enum JobState
{
    /// <summary>It takes records.</summary>
    Running = 1,

    /// <summary>It takes none, and goes on later where it stopped.</summary>
    Paused = 2,

    /// <summary>Its input has ended: every window is final.</summary>
    Draining = 3,
}

namespace StreamJobs.Lake;

/// <summary>A job's lake cannot be written now. Its results are kept, and are written when it can be.</summary>
/// <param name="job">The job.</param>
/// <param name="folder">Where its files are.</param>
/// <param name="cause">What the system says.</param>
public sealed class LakeException(string job, string folder, Exception cause)
    : Exception($"The lake of job '{job}' cannot be written in {folder}: {cause.Message} Its results wait in the database, and it is tried again every few seconds.", cause);

namespace StreamJobs;

/// <summary>A job was declared wrongly. The message names the job and the mistake.</summary>
public sealed class JobDefinitionException(string job, string mistake) : Exception($"Job '{job}': {mistake}.");

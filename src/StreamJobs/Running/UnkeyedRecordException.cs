namespace StreamJobs.Running;

/// <summary>
/// A record without a Kafka key, which may lie on any partition, came to a job that counts on a key's records lying on one
/// (<see cref="JobStream{TSource, T}.KeyByRecordKey"/>).
/// </summary>
/// <param name="job">The job's name.</param>
/// <param name="key">The key that the job would have counted it under.</param>
public sealed class UnkeyedRecordException(string job, string key) : Exception(
    $"The record has no Kafka key, so it may lie on another partition than other records of '{key}', and job '{job}' counts on them lying on one (KeyByRecordKey). Send records with their key.");

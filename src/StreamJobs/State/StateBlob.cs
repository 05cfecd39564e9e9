namespace StreamJobs.State;

/// <summary>A changed part of a job's state on a partition. Without data the part is gone.</summary>
/// <param name="Pane">Which window or slice, by its start in Unix milliseconds, or a number of the operator's own.</param>
/// <param name="Group">Which part of the pane; of keyed state, a group of keys or a delta. -1 without data stands for all of the pane.</param>
/// <param name="Data">The keys and their values.</param>
public readonly record struct StateBlob(long Pane, int Group, byte[]? Data);

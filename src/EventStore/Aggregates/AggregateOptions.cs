using Microsoft.Extensions.Options;

namespace EventStore.Aggregates;

/// <summary>How aggregates are kept.</summary>
public sealed class AggregateOptions
{
    /// <summary>
    /// The number of events after which a stream gets a new snapshot. Default 200. Fewer make activations cheaper and writing dearer.
    /// </summary>
    public int SnapshotEvery { get; set; } = 200;

    /// <summary>
    /// The number of events since the last snapshot from which on a deactivation writes one. Default 50: a stream with a handful
    /// of events is read faster than its snapshot is kept.
    /// </summary>
    public int SnapshotOnDeactivation { get; set; } = 50;
}

internal sealed class AggregateOptionsValidator : IValidateOptions<AggregateOptions>
{
    public ValidateOptionsResult Validate(string? name, AggregateOptions options)
    {
        var errors = new List<string>();
        if (options.SnapshotEvery < 1)
            errors.Add($"Aggregates:SnapshotEvery is {options.SnapshotEvery}: it must be at least 1.");
        if (options.SnapshotOnDeactivation < 1)
            errors.Add($"Aggregates:SnapshotOnDeactivation is {options.SnapshotOnDeactivation}: it must be at least 1.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}

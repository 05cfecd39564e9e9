using Microsoft.Extensions.Options;

namespace EventStore.Projections;

/// <summary>How projections are run.</summary>
public sealed class ProjectionOptions
{
    /// <summary>The most events that are folded in one transaction. Default 20,000. While one page is written the next is folded and one more is read: the larger they are, the less each event costs, and the more memory it takes. Subscribers are given at most 5,000 at a time.</summary>
    public int PageSize { get; set; } = 20_000;

    /// <summary>The most bytes of event JSON in one page, unless a single event is larger. Default 16 MiB.</summary>
    public int PageBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// The shortest time from one page to the next while live. Default 100 ms: under load, fewer and larger transactions; an event after a
    /// pause is folded at once. A page that takes more than half of this is followed by as much rest as it took, up to ten times this; 0 means no rest.
    /// </summary>
    public TimeSpan LiveInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How often each silo sees to it that every projection is run somewhere. Default 2 seconds.</summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an event may wait above Marten's high-water mark until the mark counts as stalled. Default 15 seconds.</summary>
    public TimeSpan StallAfter { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often a subscriber is tried again on an exception before it stops, with growing pauses of up to one second. Default 20.</summary>
    public int SubscriberAttempts { get; set; } = 20;
}

internal sealed class ProjectionOptionsValidator : IValidateOptions<ProjectionOptions>
{
    public ValidateOptionsResult Validate(string? name, ProjectionOptions options)
    {
        var errors = Errors(options).Select(error => $"Projections:{error}").ToArray();
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static IEnumerable<string> Errors(ProjectionOptions o)
    {
        if (o.PageSize is < 1 or > 100_000)
            yield return $"{nameof(o.PageSize)} is {o.PageSize}: it must lie between 1 and 100,000.";
        if (o.PageBytes is < 1024 or > 256 * 1024 * 1024)
            yield return $"{nameof(o.PageBytes)} is {o.PageBytes}: it must lie between 1 KiB and 256 MiB.";
        if (o.LiveInterval < TimeSpan.Zero || o.LiveInterval > TimeSpan.FromSeconds(10))
            yield return $"{nameof(o.LiveInterval)} is {o.LiveInterval}: it must lie between 0 and 10 seconds.";
        if (o.KeepAlive < TimeSpan.FromMilliseconds(100) || o.KeepAlive > TimeSpan.FromSeconds(10))
            yield return $"{nameof(o.KeepAlive)} is {o.KeepAlive}: it must lie between 100 milliseconds and 10 seconds.";
        if (o.StallAfter < TimeSpan.FromSeconds(1))
            yield return $"{nameof(o.StallAfter)} is {o.StallAfter}: it must be at least 1 second.";
        if (o.SubscriberAttempts < 1)
            yield return $"{nameof(o.SubscriberAttempts)} is {o.SubscriberAttempts}: it must be at least 1.";
    }
}

using System.Collections.Immutable;
using Contracts.Users;
using EventStore.Projections;

namespace Grains.Users;

/// <summary>Who did how much in ten seconds of event time.</summary>
/// <param name="Slice">The number of the slice: the start in seconds since the Unix epoch, divided by <see cref="RecentActivity.SliceSeconds"/>.</param>
/// <param name="Users">Events per user.</param>
public sealed record ActivitySlice(long Slice, ImmutableDictionary<string, int> Users) : IDocument<ActivitySlice>
{
    public static ActivitySlice Initial { get; } = new(0, ImmutableDictionary<string, int>.Empty);
}

/// <summary>
/// The activity of the newest minutes, in slices of event time. "The last five minutes" count back from the newest event, not from a clock, so that a
/// replay gives the same answer. A slice deletes the one that has become too old.
/// </summary>
public sealed class RecentActivity : Projection<ActivitySlice, long>
{
    public const int SliceSeconds = 10;

    /// <summary>The slices that make up five minutes.</summary>
    public const int Window = 300 / SliceSeconds;

    private const int Kept = 2 * Window;

    public RecentActivity()
        : base("recent-activity", version: 1)
    {
        OrderBy(d => d.Slice);
        On<IUserEvent>(
            key: (e, _) => SliceOf(e),
            apply: (doc, e, at) => new ActivitySlice(SliceOf(e), doc.Users.SetItem(at.Key, doc.Users.GetValueOrDefault(at.Key) + 1)));
        On<IUserEvent>(key: e => SliceOf(e) - Kept, apply: (_, _) => Delete);
    }

    private static long SliceOf(IUserEvent e) => e.At.ToUnixTimeSeconds() / SliceSeconds;
}

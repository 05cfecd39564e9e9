using EventPlatform.AspNetCore.Projections;
using EventStore.Projections;

namespace EventPlatform.AspNetCore.Replays;

/// <summary>A replay and how far it is.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Projection">The projection whose handlers fold the events.</param>
/// <param name="Version">The version it folds with.</param>
/// <param name="Source">Where the events come from.</param>
/// <param name="Target">The name that the result is read under; absent when it takes the place of what is read now.</param>
/// <param name="State">How it is.</param>
/// <param name="Done">For the store, how many sequence numbers were passed; for Kafka, how many records were read.</param>
/// <param name="Total">What <paramref name="Done"/> was to reach when it started.</param>
/// <param name="Rate">Events per second, over the last few seconds of work; once it has ended, what it did of <paramref name="Done"/> per second of its whole run.</param>
/// <param name="EtaSeconds">The time it still needs at this rate.</param>
/// <param name="Error">What it failed on.</param>
/// <param name="StartedBy">Who started it.</param>
/// <param name="StartedAt">When.</param>
/// <param name="FinishedAt">When it ended.</param>
public sealed record ReplayView(
    long Id, string Projection, int Version, string Source, string? Target, ReplayState State, long Done, long Total, double Rate, double? EtaSeconds,
    FailureView? Error, string StartedBy, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt)
{
    internal static ReplayView Of(EventStore.Projections.Replay r) => new(
        r.Id, r.Request.Projection, r.Version, r.Request.Source, r.Request.Target, r.State, r.Done, r.Total, Math.Round(r.Rate, 1),
        r.Eta is { } eta ? Math.Round(eta.TotalSeconds, 1) : null, FailureView.Of(r.Error), r.StartedBy, r.StartedAt, r.FinishedAt);
}

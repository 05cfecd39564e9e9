using System.Text.Json;
using EventStore.Projections;

namespace EventPlatform.AspNetCore.Projections;

/// <summary>Where a projection, subscriber or replay target stands.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">Documents, or a subscriber.</param>
/// <param name="Version">The newest version known: that being built, if one is, else the active one.</param>
/// <param name="ActiveVersion">The version that is read; absent while the first one is being built.</param>
/// <param name="State">How it is.</param>
/// <param name="Sequence">The last event that what is read includes.</param>
/// <param name="Lag">How many events it is behind the newest.</param>
/// <param name="LagSeconds">How long the oldest event that it lacks has been stored.</param>
/// <param name="Rate">Events per second, over the last few seconds of work.</param>
/// <param name="Error">What it failed on.</param>
/// <param name="Skipped">How many events it passed over although it failed on them.</param>
/// <param name="Runner">The silo that runs it.</param>
public sealed record ProjectionView(
    string Name, ProjectionKind Kind, int Version, int? ActiveVersion, ProjectionState State, long Sequence, long Lag, double LagSeconds, double Rate,
    FailureView? Error, long Skipped, string? Runner)
{
    internal static ProjectionView Of(ProjectionStatus s) => new(
        s.Name, s.Kind, s.Version, s.ActiveVersion, s.State, s.Sequence, s.Lag, Math.Round(s.LagSeconds, 3), Math.Round(s.Rate, 1),
        FailureView.Of(s.Error), s.Skipped, s.Runner);
}

/// <summary>What a projection failed on. The exception itself is in the silo's log.</summary>
/// <param name="Sequence">The event's number in the store, or absent when no single event is to blame.</param>
/// <param name="Stream">Its stream.</param>
/// <param name="EventType">What happened.</param>
/// <param name="Message">Why it failed.</param>
/// <param name="At">When.</param>
public sealed record FailureView(long? Sequence, string? Stream, string? EventType, string Message, DateTimeOffset At)
{
    internal static FailureView? Of(ProjectionFailure? f) => f is null ? null : new(f.Sequence, f.StreamKey, f.EventType, f.Message, f.At);
}

/// <summary>A projected document.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Sequence">The last event that changed it.</param>
/// <param name="Document">The document.</param>
public sealed record DocumentView(string Key, long Sequence, JsonElement Document)
{
    internal static DocumentView Of(ProjectedDocument d) => new(d.Key, d.Sequence, JsonSerializer.Deserialize<JsonElement>(d.Json));
}

/// <summary>What was done to a projection.</summary>
/// <param name="Name">The projection.</param>
/// <param name="Action">What.</param>
/// <param name="Operator">Who did it.</param>
/// <param name="Dropped">For a clean-up, how many generations were dropped.</param>
public sealed record ProjectionAct(string Name, string Action, string Operator, int? Dropped = null);

using System.Text.Json;
using EventPlatform.AspNetCore.Topics;
using EventStore.Projections;

namespace Api.Live;

/// <summary>The system at a glance. A part that cannot be asked is absent, and <see cref="Problems"/> says why.</summary>
/// <param name="At">When it was taken.</param>
/// <param name="Silos">The silos that are part of the cluster.</param>
/// <param name="Produced">Records per second that arrive on the topics that are read.</param>
/// <param name="Stored">Events per second that are committed.</param>
/// <param name="LatencyP50">Milliseconds from an event's own time to its commit: half of the sampled events took less.</param>
/// <param name="LatencyP99">The same for 99 of 100.</param>
/// <param name="Lag">The records that the slowest consumers have still to do.</param>
/// <param name="Topics">Every topic that is read.</param>
/// <param name="DeadLetters">The open dead letters.</param>
/// <param name="Projections">Every projection and its state.</param>
/// <param name="Jobs">Every job over streams, and where it stands.</param>
/// <param name="Windows">By job: the windows that the page draws; absent while no one looks.</param>
/// <param name="Users">The users with the newest events, newest first.</param>
/// <param name="Accounts">The accounts with the newest events, newest first.</param>
/// <param name="Problems">What cannot be asked, and why.</param>
public sealed record LiveSnapshot(
    DateTimeOffset At, int? Silos, double? Produced, double? Stored, double? LatencyP50, double? LatencyP99, long? Lag,
    IReadOnlyList<TopicView>? Topics, LiveDeadLetters? DeadLetters, IReadOnlyList<LiveProjection>? Projections,
    IReadOnlyList<LiveJob>? Jobs, IReadOnlyDictionary<string, IReadOnlyList<LiveWindow>>? Windows,
    IReadOnlyList<LiveEntity>? Users, IReadOnlyList<LiveEntity>? Accounts, IReadOnlyList<string> Problems)
{
    /// <summary>What the charts keep of a snapshot.</summary>
    internal LivePoint Point => new(At.ToUnixTimeMilliseconds(), Produced, Stored, Lag, LatencyP99);
}

/// <summary>A moment on the charts.</summary>
public sealed record LivePoint(long T, double? Produced, double? Stored, long? Lag, double? P99);

/// <summary>The open dead letters: how many, and the newest.</summary>
public sealed record LiveDeadLetters(long Open, IReadOnlyList<LiveDeadLetter> Newest);

/// <summary>A dead letter at a glance.</summary>
public sealed record LiveDeadLetter(long Id, string Record, string Kind, string Reason, string? Key, DateTimeOffset At);

/// <summary>A projection at a glance.</summary>
public sealed record LiveProjection(string Name, int Version, ProjectionState State, long Lag, string? Error);

/// <summary>A job over streams at a glance.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">starting, running, paused, draining or drained.</param>
/// <param name="Window">How records are grouped in time.</param>
/// <param name="WatermarkDelay">How far its watermark is behind the clock, in seconds.</param>
/// <param name="Records">Records taken.</param>
/// <param name="Late">Records that were late, or too far ahead.</param>
/// <param name="Keys">Keys in open windows.</param>
public sealed record LiveJob(string Name, string State, string Window, double? WatermarkDelay, long Records, long Late, long Keys);

/// <summary>What a window has come to.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Start">Its start.</param>
/// <param name="End">Its end.</param>
/// <param name="Open">Whether records still fall into it.</param>
/// <param name="Value">The job's own fields.</param>
public sealed record LiveWindow(string Key, DateTimeOffset Start, DateTimeOffset End, bool Open, JsonElement Value);

/// <summary>A user or an account, and the last thing that happened to it.</summary>
public sealed record LiveEntity(string Id, string Type, DateTimeOffset At, long Version);

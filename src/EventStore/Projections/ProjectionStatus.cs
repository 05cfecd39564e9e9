namespace EventStore.Projections;

/// <summary>What follows the events.</summary>
public enum ProjectionKind
{
    /// <summary>A projection: documents folded from events.</summary>
    Documents = 1,

    /// <summary>An <see cref="IEventSubscriber"/>.</summary>
    Subscriber = 2,
}

/// <summary>How a projection or subscriber is.</summary>
public enum ProjectionState
{
    /// <summary>It holds everything that is stored, or is less than two seconds behind.</summary>
    Live,

    /// <summary>It is further behind, and working on it.</summary>
    CatchingUp,

    /// <summary>Another generation is being built beside the one that is read.</summary>
    Rebuilding,

    /// <summary>It failed on an event and stopped there: see <see cref="ProjectionStatus.Error"/>.</summary>
    Failed,

    /// <summary>No silo runs it, or an operator stopped it.</summary>
    Stopped,

    /// <summary>A replay of a closed range of events that has ended.</summary>
    Complete,
}

/// <summary>Where a projection, subscriber or replay stands.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">Documents, or a subscriber.</param>
/// <param name="Version">The newest version known: that being built, if one is, else the active one.</param>
/// <param name="ActiveVersion">The version that is read, or null while the first one is being built.</param>
/// <param name="State">How it is.</param>
/// <param name="Sequence">The last event that what is read includes.</param>
/// <param name="Lag">How many sequence numbers it is behind the newest event.</param>
/// <param name="LagSeconds">How long the oldest event that it lacks has been stored, in seconds; 0 when it lacks none.</param>
/// <param name="Rate">Events per second, over the last few seconds of work.</param>
/// <param name="Error">What it failed on, or null.</param>
/// <param name="Skipped">How many events it passed over although it failed on them.</param>
/// <param name="Runner">The silo that runs it, or null.</param>
public sealed record ProjectionStatus(
    string Name, ProjectionKind Kind, int Version, int? ActiveVersion, ProjectionState State, long Sequence, long Lag, double LagSeconds, double Rate,
    ProjectionFailure? Error, long Skipped, string? Runner);

/// <summary>What a projection failed on.</summary>
/// <param name="Sequence">The event's sequence number, or null when no single event is to blame.</param>
/// <param name="StreamKey">Its stream.</param>
/// <param name="EventType">Its stable name.</param>
/// <param name="Message">The exception's message.</param>
/// <param name="Exception">The exception with its stack trace.</param>
/// <param name="At">When.</param>
public sealed record ProjectionFailure(
    long? Sequence, string? StreamKey, string? EventType, string Message, string Exception, DateTimeOffset At);

/// <summary>How far events may be read: Marten's high-water mark, below which no event can appear any more.</summary>
/// <param name="Mark">The mark.</param>
/// <param name="Newest">The newest stored event.</param>
/// <param name="StalledSeconds">How long the oldest event above the mark has waited, in seconds; 0 when there is none.</param>
public sealed record HighWaterStatus(long Mark, long Newest, double StalledSeconds);

namespace EventStore.Appending;

/// <summary>Everything that one intake changes in one event stream. It is committed whole or not at all.</summary>
public sealed record StreamAppend
{
    /// <summary>The stream's key, <c>aggregate/id</c>, for example <c>user/42</c>. At most 250 characters.</summary>
    public required string StreamKey { get; init; }

    /// <summary>The aggregate's stable name, for example <c>user</c>; stored as the stream's type.</summary>
    public required string AggregateName { get; init; }

    /// <summary>The version that the decision was made on: 0 for a stream without events.</summary>
    public required long ExpectedVersion { get; init; }

    /// <summary>The events to append, in order; they take the versions after <see cref="ExpectedVersion"/>. May be empty.</summary>
    public IReadOnlyList<EventToAppend> Events { get; init; } = [];

    /// <summary>How far this stream has now read each partition: at most one entry per (topic, incarnation, partition).</summary>
    public IReadOnlyList<RecordCoordinates> Positions { get; init; } = [];

    /// <summary>Records and commands that leave no event: each needs a trace, or the audit would call it lost.</summary>
    public IReadOnlyList<LedgerEntry> Ledger { get; init; } = [];

    /// <summary>Records that could not be applied; written in the same transaction as the position that passes them.</summary>
    public IReadOnlyList<DeadLetters.DeadLetter> DeadLetters { get; init; } = [];
}

/// <summary>One event, already serialized.</summary>
/// <param name="Id">The event's id, unique in the store. A record's first event carries the record's own id.</param>
/// <param name="TypeName">The stable event name of <see cref="Aggregates.EventNameAttribute"/>.</param>
/// <param name="Data">The event as JSON.</param>
/// <param name="Source">Where the event came from, and what it was; stored as the event's headers.</param>
public sealed record EventToAppend(Guid Id, string TypeName, string Data, EventSource Source);

/// <summary>What caused an event. Stored beside it as headers, so that "where is my event" and the audit can be answered from the store.</summary>
/// <param name="Record">The Kafka record, or null for a command.</param>
/// <param name="CommandId">The command's id as the caller gave it, or null for a record.</param>
/// <param name="Digest">A digest of the record's body or the command's fingerprint: the same id with another digest is a conflict.</param>
/// <param name="Index">0 for the first event that the record or command gave, then 1, 2, ...</param>
/// <param name="Reprocessed">True when the record came back from the dead letters, and so stands at the end of its stream.</param>
/// <param name="TraceParent">The W3C trace context, or null.</param>
public sealed record EventSource(
    RecordCoordinates? Record, string? CommandId, string Digest, int Index = 0, bool Reprocessed = false, string? TraceParent = null);

/// <summary>Why a record or command left no event.</summary>
public enum LedgerOutcome
{
    /// <summary>The aggregate had nothing to do.</summary>
    Ignored = 1,

    /// <summary>The aggregate refused.</summary>
    Rejected = 2,

    /// <summary>The same id and content had been seen before, at other coordinates.</summary>
    Duplicate = 3,
}

/// <summary>The trace of a record or command that gave no event.</summary>
/// <param name="EventId">The record's or command's id. For <see cref="LedgerOutcome.Duplicate"/> it is that of the first occurrence.</param>
/// <param name="Outcome">Why there is no event.</param>
/// <param name="Reason">The aggregate's words, or null.</param>
/// <param name="Source">The record or command.</param>
public sealed record LedgerEntry(Guid EventId, LedgerOutcome Outcome, string? Reason, EventSource Source);

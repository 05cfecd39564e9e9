namespace Chaos.Checking;

/// <summary>What the store holds at the end of a run, when all is at rest.</summary>
public sealed record StoreContents
{
    /// <summary>Every event, by sequence.</summary>
    public IReadOnlyList<Event> Events { get; init; } = [];

    public IReadOnlyList<LedgerRow> Ledger { get; init; } = [];

    public IReadOnlyList<DeadLetterRow> DeadLetters { get; init; } = [];

    /// <summary>The version that each stream's row says.</summary>
    public IReadOnlyDictionary<string, long> Streams { get; init; } = new Dictionary<string, long>();

    /// <summary>How far each stream says that it has read: stream, topic, partition, offset.</summary>
    public IReadOnlyList<Position> Positions { get; init; } = [];

    /// <summary>The documents of each projection, as JSON, by key.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Documents { get; init; } =
        new Dictionary<string, IReadOnlyDictionary<string, string>>();

    /// <summary>What the topics of published events hold, by partition and offset; null when they were not read.</summary>
    public IReadOnlyList<PublishedEvent>? Published { get; init; }
}

/// <summary>A record of a topic of published events.</summary>
/// <param name="Place">Where it lies.</param>
/// <param name="Id">The event's id.</param>
/// <param name="Entity">Whose it says it is: its stream's key without the kind.</param>
/// <param name="Version">The place there that it says.</param>
/// <param name="Type">Its name.</param>
/// <param name="Data">Its JSON.</param>
/// <param name="IsCommitted">Whether a reader of committed records sees it; the emulator shows others, too.</param>
public sealed record PublishedEvent(Place Place, Guid Id, string Entity, long Version, string Type, string Data, bool IsCommitted);

/// <summary>A stored event.</summary>
/// <param name="Sequence">Its sequence number.</param>
/// <param name="Id">Its id.</param>
/// <param name="StreamKey">Its stream.</param>
/// <param name="Version">Its place there.</param>
/// <param name="Type">Its name.</param>
/// <param name="Data">Its JSON.</param>
/// <param name="Record">The record that caused it, or null.</param>
/// <param name="Command">The command that caused it, or null.</param>
/// <param name="Index">Its place among the events of its cause.</param>
public sealed record Event(long Sequence, Guid Id, string StreamKey, long Version, string Type, string Data, Place? Record, string? Command, int Index);

/// <summary>A row of the ledger; outcome 3 is a duplicate.</summary>
public sealed record LedgerRow(Guid Id, string StreamKey, int Outcome, Place? Record, string? Command)
{
    public const int Duplicate = 3;
}

/// <summary>A dead letter.</summary>
public sealed record DeadLetterRow(Place Record, string? Key, int Kind, string Reason);

/// <summary>How far a stream has read a partition.</summary>
public sealed record Position(string StreamKey, string Topic, int Partition, long Offset);

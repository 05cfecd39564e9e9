namespace EventStore.Appending;

/// <summary>What became of one <see cref="StreamAppend"/>. None of these is an exception: the rest of the batch commits regardless.</summary>
public abstract record AppendVerdict
{
    private AppendVerdict() { }

    /// <summary>Durable.</summary>
    /// <param name="Version">The stream's version now.</param>
    /// <param name="LastSequence">The global sequence number of the last event appended, or 0 when there was none.</param>
    public sealed record Committed(long Version, long LastSequence) : AppendVerdict;

    /// <summary>Nothing was written: these ids are already in the store. Decide again without them.</summary>
    /// <param name="Known">The ids already stored or in the ledger, with what they were.</param>
    public sealed record Duplicate(IReadOnlyList<KnownId> Known) : AppendVerdict;

    /// <summary>Nothing was written: another writer moved the stream or its positions. Reload and decide again.</summary>
    /// <param name="Version">The stream's version as this attempt saw it; a writer that won in the middle of it may have moved it further.</param>
    public sealed record Stale(long Version) : AppendVerdict;

    /// <summary>Nothing was written, and nothing ever will be: the database refuses this content. Take it record by record.</summary>
    /// <param name="Reason">What is wrong, for a person.</param>
    /// <param name="SqlState">The database's SQLSTATE, or null when it was found before asking it.</param>
    public sealed record Refused(string Reason, string? SqlState) : AppendVerdict;
}

/// <summary>An id that the store already knows.</summary>
/// <param name="Id">The event id.</param>
/// <param name="StreamKey">The stream it belongs to: another key is a conflict.</param>
/// <param name="Digest">The digest it was stored with: another one is a conflict.</param>
/// <param name="Source">Where it came from, or null when it was a command.</param>
/// <param name="Version">The version of the event with that id, or null when it left only a ledger row.</param>
/// <param name="Outcome">How it ended, for an id that is in the ledger; null when it is an event.</param>
/// <param name="Reason">The ledger's reason, or null.</param>
public sealed record KnownId(
    Guid Id, string StreamKey, string Digest, RecordCoordinates? Source, long? Version, LedgerOutcome? Outcome, string? Reason);

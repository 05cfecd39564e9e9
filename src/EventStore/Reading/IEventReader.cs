using EventStore.Appending;
using EventStore.DeadLetters;

namespace EventStore.Reading;

/// <summary>Reads what is stored: for people, for the audit and for replay. Nothing here writes.</summary>
/// <remarks>Every method throws <see cref="StoreUnavailableException"/> while the database cannot be reached.</remarks>
public interface IEventReader
{
    /// <summary>A page of a stream's events, in order.</summary>
    /// <param name="streamKey">The stream.</param>
    /// <param name="afterVersion">The last version of the page before; 0 for the first page.</param>
    /// <param name="limit">The most events to return.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    ValueTask<IReadOnlyList<StoredEvent>> ReadStreamAsync(
        string streamKey, long afterVersion, int limit, CancellationToken cancellationToken = default);

    /// <summary>
    /// A page of all events, by sequence number. A gap may be a transaction that has not ended: a reader that must miss nothing goes no
    /// further than Marten's high-water mark.
    /// </summary>
    /// <param name="afterSequence">The last sequence number of the page before; 0 for the first page.</param>
    /// <param name="limit">The most events to return.</param>
    /// <param name="upTo">The last sequence number to return, or null.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    ValueTask<IReadOnlyList<StoredEvent>> ReadAllAsync(
        long afterSequence, int limit, long? upTo = null, CancellationToken cancellationToken = default);

    /// <summary>The newest events, newest first, for display.</summary>
    /// <param name="limit">The most events to return.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    ValueTask<IReadOnlyList<StoredEvent>> ReadNewestAsync(int limit, CancellationToken cancellationToken = default);

    /// <summary>Where an event id went: its event, its ledger rows (more than one when it came twice), its dead letters.</summary>
    /// <param name="eventId">The id.</param>
    /// <param name="asWritten">The id as its producer wrote it, which dead letters keep; needed only when that is no UUID.</param>
    /// <param name="cancellationToken">Stops the queries.</param>
    ValueTask<EventTrace> FindAsync(Guid eventId, string? asWritten = null, CancellationToken cancellationToken = default);
}

/// <summary>Everything the store knows of an event id.</summary>
/// <param name="Event">The event, or null.</param>
/// <param name="Ledger">What left no event: the first occurrence, and duplicates at other coordinates.</param>
/// <param name="DeadLetters">Records with that id that could not be applied.</param>
public sealed record EventTrace(StoredEvent? Event, IReadOnlyList<StoredLedgerEntry> Ledger, IReadOnlyList<StoredDeadLetter> DeadLetters)
{
    /// <summary>True when the store knows nothing of the id.</summary>
    public bool IsEmpty => Event is null && Ledger.Count == 0 && DeadLetters.Count == 0;
}

/// <summary>A ledger row.</summary>
/// <param name="StreamKey">The stream that the record or command belonged to.</param>
/// <param name="Entry">What left no event, and why.</param>
/// <param name="RecordedAt">When it was written.</param>
public sealed record StoredLedgerEntry(string StreamKey, LedgerEntry Entry, DateTimeOffset RecordedAt);

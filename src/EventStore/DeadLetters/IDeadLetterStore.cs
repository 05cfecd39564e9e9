using EventStore.Appending;

namespace EventStore.DeadLetters;

/// <summary>
/// The dead letters: listed, looked at, and ended by an operator. Those of an aggregate are written by <see cref="IGroupCommit"/> with
/// the position that passes them; a record that reaches no aggregate is written here.
/// </summary>
/// <remarks>Every method throws <see cref="StoreUnavailableException"/> while the database cannot be reached.</remarks>
public interface IDeadLetterStore
{
    /// <summary>Stores a record that belongs to no stream. A record has one dead letter per consumer: writing it again changes nothing.</summary>
    ValueTask AddAsync(DeadLetter letter, CancellationToken cancellationToken = default);

    /// <summary>Lists dead letters by id, newest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="before">The last id of the page before, or null for the first page.</param>
    /// <param name="limit">The most letters to return.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    ValueTask<IReadOnlyList<StoredDeadLetter>> ListAsync(
        DeadLetterFilter filter, long? before, int limit, CancellationToken cancellationToken = default);

    /// <summary>Returns one dead letter, or null.</summary>
    ValueTask<StoredDeadLetter?> GetAsync(long id, CancellationToken cancellationToken = default);

    /// <summary>Counts dead letters.</summary>
    ValueTask<long> CountAsync(DeadLetterFilter filter, CancellationToken cancellationToken = default);

    /// <summary>
    /// Claims a dead letter for as long as what is returned is not disposed of, or null when another call has it, in whatever process. The claim also ends
    /// when its process or its connection to the database does.
    /// </summary>
    /// <param name="id">The dead letter.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    ValueTask<IAsyncDisposable?> TryClaimAsync(long id, CancellationToken cancellationToken = default);

    /// <summary>
    /// Ends an open dead letter and records who did it. Returns false when there is none, or when it is not open any more. Reprocessing also ends one that was
    /// discarded: its record has reached its stream by then, whatever was said of it meanwhile.
    /// </summary>
    /// <param name="id">The dead letter.</param>
    /// <param name="status"><see cref="DeadLetterStatus.Reprocessed"/> or <see cref="DeadLetterStatus.Discarded"/>.</param>
    /// <param name="who">The operator, for the record.</param>
    /// <param name="detail">Why, or what came of it; may be null.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    ValueTask<bool> CloseAsync(long id, DeadLetterStatus status, string who, string? detail, CancellationToken cancellationToken = default);
}

/// <summary>What has become of a dead letter.</summary>
public enum DeadLetterStatus
{
    /// <summary>It waits for an operator.</summary>
    Open = 1,

    /// <summary>It was sent again, and reached its stream.</summary>
    Reprocessed = 2,

    /// <summary>An operator decided that it is of no use.</summary>
    Discarded = 3,
}

/// <summary>Which dead letters; what is null does not matter.</summary>
/// <param name="Topic">Those of a topic.</param>
/// <param name="Kind">Those with this fault.</param>
/// <param name="Status">Those in this state.</param>
public sealed record DeadLetterFilter(string? Topic = null, DeadLetterKind? Kind = null, DeadLetterStatus? Status = null);

/// <summary>A dead letter as the store holds it.</summary>
/// <param name="Id">Its number in the store.</param>
/// <param name="Letter">The record and what is wrong with it.</param>
/// <param name="Status">What has become of it.</param>
/// <param name="CreatedAt">When it was written.</param>
/// <param name="ChangedAt">When its status last changed.</param>
public sealed record StoredDeadLetter(long Id, DeadLetter Letter, DeadLetterStatus Status, DateTimeOffset CreatedAt, DateTimeOffset ChangedAt);

using EventStore.Appending;

namespace EventStore.DeadLetters;

/// <summary>
/// The dead letters that are still to be published elsewhere. A publisher claims some, publishes them, and marks them; several publishers
/// never hold the same ones, and what one held when it died is free again when its claim has run out. So each is published at least once.
/// </summary>
/// <remarks>Every method throws <see cref="StoreUnavailableException"/> while the database cannot be reached.</remarks>
public interface IDeadLetterOutbox
{
    /// <summary>Claims the oldest that are free.</summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="maxBytes">Their payloads' size at most, unless a single one is larger.</param>
    /// <param name="until">How long the claim holds.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    ValueTask<IReadOnlyList<StoredDeadLetter>> ClaimAsync(int limit, long maxBytes, TimeSpan until, CancellationToken cancellationToken = default);

    /// <summary>Ends a claim: what was published is done, the rest is free again.</summary>
    ValueTask SettleAsync(IReadOnlyList<long> published, IReadOnlyList<long> failed, CancellationToken cancellationToken = default);

    /// <summary>How many are still to be published, claimed ones included.</summary>
    ValueTask<long> CountAsync(CancellationToken cancellationToken = default);
}

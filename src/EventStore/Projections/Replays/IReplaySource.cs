using EventStore.Appending;

namespace EventStore.Projections;

/// <summary>Where a replay's events come from. The store itself is one; others are registered as services.</summary>
public interface IReplaySource
{
    /// <summary>The name that a <see cref="ReplayRequest"/> gives, for example <c>kafka</c>.</summary>
    string Name { get; }

    /// <summary>
    /// True when events come in the order in which the store committed them. If not, only projections that are
    /// <see cref="ProjectionDefinition.OrderIndependent"/> may be replayed from it. Within a stream, events must always be in order.
    /// </summary>
    bool KeepsOrder { get; }

    /// <summary>How much a replay will read, as well as it can be known now; for showing progress, which <see cref="EventPage.Sequence"/> says in the same unit.</summary>
    ValueTask<long> CountAsync(ReplayRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Reads pages until the end. Each page's position is stored in the transaction that folds the page in; after a crash, reading goes on
    /// behind the last stored one, so the same position must always be followed by the same events.
    /// </summary>
    /// <param name="request">What to read.</param>
    /// <param name="position">The position to go on behind, or null for the beginning.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    IAsyncEnumerable<EventPage> ReadAsync(ReplayRequest request, string? position, CancellationToken cancellationToken);
}

/// <summary>Events in order, and where reading goes on behind them.</summary>
/// <param name="Events">The events; may be empty.</param>
/// <param name="Position">The position behind them, in a form that only the source knows.</param>
/// <param name="Sequence">The highest sequence number that the page covers; for another source than the store, how much of <see cref="IReplaySource.CountAsync"/> was read with it.</param>
/// <param name="AtEnd">True when nothing more was there to read when the page was read.</param>
public sealed record EventPage(IReadOnlyList<StoredEvent> Events, string Position, long Sequence, bool AtEnd);

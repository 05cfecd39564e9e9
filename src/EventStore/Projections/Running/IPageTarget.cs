using EventStore.Appending;
using EventStore.Projections.Storage;
using Npgsql;

namespace EventStore.Projections.Running;

/// <summary>What pages go into.</summary>
internal interface IPageTarget
{
    /// <summary>What it folds into documents; null when it makes none.</summary>
    ProjectionDefinition? Definition { get; }

    /// <summary>The stored names of the events that it takes.</summary>
    string[] EventNames { get; }

    /// <summary>True when it looks at where events came from: reading that costs about as much as the event.</summary>
    bool ReadsSources { get; }

    /// <summary>Does with a page what can be done before the one before it is taken, beside that. Never fails: what is wrong with an event is seen when the page is taken.</summary>
    TakePage Prepare(IReadOnlyList<StoredEvent> events);
}

/// <summary>
/// Takes a page that was prepared, and moves the checkpoint past it, in one transaction where it can. When it fails on an event of the store, everything
/// before that event has been taken and checkpointed.
/// </summary>
/// <exception cref="Folding.EventFailedException">It failed on an event.</exception>
internal delegate Task TakePage(Move move, CancellationToken cancellationToken);

/// <summary>A move of a generation's checkpoint, by compare-and-set.</summary>
/// <param name="Generation">The generation.</param>
/// <param name="From">The position that it must have now.</param>
/// <param name="To">The position behind the page.</param>
/// <param name="Sequence">The last sequence number that the page covers.</param>
/// <param name="Rate">Events per second, for show.</param>
/// <param name="Divisible">True when each sequence number is a position: a page may then be taken in part.</param>
internal sealed record Move(Generation Generation, string From, string To, long Sequence, double Rate, bool Divisible)
{
    /// <summary>The SQLSTATE of a move that lost: another runner was faster, or an operator stopped the generation.</summary>
    public const string Lost = "EP001";

    /// <summary>The same move, but only up to a sequence number.</summary>
    public Move UpTo(long sequence) => this with { To = StoreFeed.Position(sequence), Sequence = sequence };

    /// <summary>The statement. It comes first in its transaction, so that a second runner waits here, and loses.</summary>
    public NpgsqlBatchCommand Command(string schema, int events) =>
        new($"select {schema}.advance_projection($1, $2, $3, $4, $5, $6)")
        {
            Parameters =
            {
                new() { Value = Generation.Id }, new() { Value = From }, new() { Value = To },
                new() { Value = Sequence }, new() { Value = events }, new() { Value = Rate },
            },
        };
}

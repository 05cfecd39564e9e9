using EventPlatform.AspNetCore.Http;
using EventStore;
using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.DeadLetters;
using EventStore.Reading;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EventPlatform.AspNetCore.Events;

/// <summary>Where is my event?</summary>
internal static class EventEndpoints
{
    public static void MapEvents(this IEndpointRouteBuilder routes) => routes.MapGet("/events/{eventId}", FindAsync).WithTags("Events")
        .WithSummary("Where an event went: stored, ignored, refused, a duplicate, or a dead letter");

    private static async Task<Results<Tagged<EventWhereabouts>, ProblemHttpResult>> FindAsync(
        string eventId, IEventReader reader, CancellationToken cancellationToken)
    {
        var trace = await reader.FindAsync(EventIds.OfRecord(eventId), eventId, cancellationToken);
        return trace.IsEmpty
            ? Problems.NotFound($"The store does not know the event '{eventId}': it waits in Kafka (see the lag in /topics), or was never produced.")
            : new Tagged<EventWhereabouts>(EventWhereabouts.Of(eventId, trace));
    }
}

/// <summary>Everything that is known of an event id.</summary>
/// <param name="EventId">The id.</param>
/// <param name="Outcome">What became of it: <c>stored</c>, <c>ignored</c>, <c>rejected</c>, <c>duplicate</c> or <c>deadLetter</c>.</param>
/// <param name="Event">The event, when it is stored.</param>
/// <param name="Ledger">Its occurrences that gave no event: the first one ignored or refused, later ones as duplicates.</param>
/// <param name="DeadLetters">Records with this id that could not be applied.</param>
public sealed record EventWhereabouts(
    string EventId, string Outcome, EventItem? Event, IReadOnlyList<LedgerItem> Ledger, IReadOnlyList<DeadLetterReference> DeadLetters)
{
    internal static EventWhereabouts Of(string eventId, EventTrace trace) => new(
        eventId,
        trace.Event is not null ? "stored"
            : trace.Ledger.Count > 0 ? trace.Ledger[0].Entry.Outcome.ToString().ToLowerInvariant()
            : "deadLetter",
        trace.Event is null ? null : EventItem.Of(trace.Event),
        [.. trace.Ledger.Select(l => new LedgerItem(
            l.StreamKey, l.Entry.Outcome, l.Entry.Reason, l.Entry.Source.Record, l.Entry.Source.CommandId, l.RecordedAt))],
        [.. trace.DeadLetters.Select(d => new DeadLetterReference(d.Id, d.Status, d.Letter.Kind, d.Letter.Reason, d.Letter.Record))]);
}

/// <summary>An occurrence that gave no event.</summary>
public sealed record LedgerItem(
    string Stream, LedgerOutcome Outcome, string? Reason, RecordCoordinates? Record, string? Command, DateTimeOffset RecordedAt);

/// <summary>A dead letter, see <c>/dead-letters/{id}</c>.</summary>
public sealed record DeadLetterReference(long Id, DeadLetterStatus Status, DeadLetterKind Kind, string Reason, RecordCoordinates Record);

using System.Diagnostics;
using EventStore.Appending;
using EventStore.DeadLetters;

namespace EventStore.Aggregates.Intake;

/// <summary>Takes batches of records into one stream: decides, commits, and answers the store's verdicts.</summary>
internal sealed class RecordIntake<TState, TRecord, TEvent>(IJournal<TState, TRecord, TEvent> journal)
    where TState : class, IAggregate<TState, TRecord, TEvent>
    where TRecord : class
    where TEvent : class
{
    /// <summary>
    /// Returns when every record is durable: stored, in the ledger or a dead letter. A record that is sent again comes alone and has its dead letter:
    /// what is still wrong with it is returned, and nothing is written.
    /// </summary>
    public async Task<RecordFault?> TakeAsync(IReadOnlyList<IncomingRecord<TRecord>> batch, CancellationToken cancellationToken)
    {
        RecordFault? refusal = null;
        var known = new KnownIds(journal.Kind.Runtime.Reader);
        var attempts = new Attempts();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var draft = await journal.BeginAsync(cancellationToken);
            var redelivered = Decide(draft, batch, known, refusal);
            if (await known.LearnAsync(cancellationToken))
                continue;
            if (batch is [{ Reprocessed: true }] && draft.DeadLetters is [var still])
                return new(still.Kind, still.Reason, still.Exception);
            switch (draft.IsEmpty ? null : await journal.CommitAsync(draft, cancellationToken))
            {
                case null or AppendVerdict.Committed:
                    Report(draft, redelivered);
                    return null;
                case AppendVerdict.Duplicate duplicate:
                    known.Add(duplicate.Known);
                    attempts.Retry(journal.Kind, journal.Name, "duplicate");
                    break;
                case AppendVerdict.Stale:
                    attempts.Retry(journal.Kind, journal.Name, "stale");
                    break;
                case AppendVerdict.Refused refused when batch.Count > 1:
                    AggregateLog.Refused(journal.Kind.Runtime.Logger, journal.Name.StreamKey, batch.Count, refused.Reason);
                    await TakeAsync([.. batch.Take(batch.Count / 2)], cancellationToken);
                    await TakeAsync([.. batch.Skip(batch.Count / 2)], cancellationToken);
                    return null;
                case AppendVerdict.Refused refused when refusal is null:
                    refusal = new(DeadLetterKind.Unstorable, Describe(refused));
                    break;
                case AppendVerdict.Refused refused:
                    throw new AppendRefusedException(
                        $"The store refuses even the dead letter of {batch[0].Coordinates} in {journal.Name.StreamKey}: {Describe(refused)}");
            }
        }
    }

    /// <summary>Fills a draft with what the records mean in order; returns how many had been read before.</summary>
    private int Decide(
        Draft<TState, TRecord, TEvent> draft, IReadOnlyList<IncomingRecord<TRecord>> batch, KnownIds known, RecordFault? refusal)
    {
        var redelivered = 0;
        foreach (var record in batch)
        {
            if (!record.Reprocessed && !draft.TryPass(record.Coordinates))
                redelivered++;
            else if (FaultOf(record) is { } fault)
                draft.Bury(record, fault);
            else
                Decide(draft, record, known, refusal);
        }

        return redelivered;
    }

    private static void Decide(
        Draft<TState, TRecord, TEvent> draft, IncomingRecord<TRecord> record, KnownIds known, RecordFault? refusal)
    {
        var id = EventIds.OfRecord(record.EventId!);
        var trace = ActivityContext.TryParse(record.TraceParent, null, out _) ? record.TraceParent : null;
        var source = new EventSource(
            record.Coordinates, null, EventIds.Digest(record.Payload.Span, record.DigestOffset), 0, record.Reprocessed, trace);
        switch (known.Seen(draft, record.Coordinates, id, source.Digest))
        {
            case Seen.Never when (refusal ?? Try(() => draft.Decide(id, source, TState.Decide(draft.State, record.Value!)))) is { } fault:
                // It may still be a repetition: one that fails is not sent, so the store has not been asked about its id.
                known.Doubt(id);
                draft.Bury(record, fault);
                break;
            case Seen.Elsewhere:
                draft.Repeat(id, source);
                break;
            case Seen.AsAnother:
                draft.Bury(record, new(DeadLetterKind.IdConflict, $"Its event id {record.EventId} belongs to a record with another key or another content."));
                break;
            case Seen.Itself:
                break; // An earlier attempt whose answer was lost. Only its position is left to note.
        }
    }

    private static RecordFault? Try(Action decide)
    {
        try
        {
            decide();
            return null;
        }
        catch (Exception e) when (!Transient.Is(e))
        {
            return new(DeadLetterKind.AggregateFailed, $"{typeof(TState).Name} failed on it: {e.Message}", e.ToString());
        }
    }

    private RecordFault? FaultOf(IncomingRecord<TRecord> record) => journal.Name.Fault ?? record.Fault
        ?? (record.Value is null ? new(DeadLetterKind.Invalid, "It has no value.")
        : string.IsNullOrEmpty(record.EventId) ? new(DeadLetterKind.Invalid, "It has no event id.")
        : null);

    private void Report(Draft<TState, TRecord, TEvent> draft, int redelivered)
    {
        draft.Report();
        AggregateTelemetry.CameAgain(journal.Kind.Name, redelivered);
        foreach (var letter in draft.DeadLetters)
            AggregateLog.DeadLettered(journal.Kind.Runtime.Logger, letter.Record, journal.Name.StreamKey, letter.Kind, letter.Reason);
    }

    private static string Describe(AppendVerdict.Refused refused) =>
        refused.SqlState is null ? refused.Reason : $"{refused.Reason} (SQLSTATE {refused.SqlState})";
}

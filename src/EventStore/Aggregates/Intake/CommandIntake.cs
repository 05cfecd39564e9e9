using System.Diagnostics;
using EventStore.Appending;

namespace EventStore.Aggregates.Intake;

/// <summary>Runs commands against one stream.</summary>
internal sealed class CommandIntake<TState, TRecord, TEvent>(IJournal<TState, TRecord, TEvent> journal)
    where TState : class, IAggregate<TState, TRecord, TEvent>
    where TRecord : class
    where TEvent : class
{
    /// <summary>Returns once the answer is durable.</summary>
    public async Task<Receipt> ExecuteAsync(CommandId command, Func<TState, Decision<TEvent>> decide, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(command.Value) || !StorableText.IsStorable(command.Value))
            throw new ArgumentException("A command id must not be blank, nor hold a NUL character or half a surrogate pair.", nameof(command));

        var id = EventIds.OfCommand(journal.Name.StreamKey, command.Value);
        var source = new EventSource(null, command.Value, EventIds.Digest(command.Fingerprint), TraceParent: Activity.Current?.Id);
        var refusal = journal.Name.Fault?.Reason;
        var attempts = new Attempts();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var draft = await journal.BeginAsync(cancellationToken);
            Decision<TEvent> decision;
            try
            {
                decision = refusal is null ? decide(draft.State) : Decision.Reject(refusal);
                draft.Decide(id, source, decision);
            }
            catch (Exception e) when (!Transient.Is(e))
            {
                // On the state that it led to itself, a command may well throw. Its caller is still owed the earlier answer.
                if (await KnownIds.FindAsync(journal.Kind.Runtime.Reader, id, cancellationToken) is { } earlier)
                    return await AnswerAgainAsync(command, source.Digest, earlier, cancellationToken);
                throw;
            }

            switch (await journal.CommitAsync(draft, cancellationToken))
            {
                case AppendVerdict.Committed committed:
                    draft.Report();
                    return new(OutcomeOf(decision), committed.Version, decision.Reason);
                case AppendVerdict.Duplicate { Known: [var known, ..] }:
                    return await AnswerAgainAsync(command, source.Digest, known, cancellationToken);
                case AppendVerdict.Refused refused when refusal is not null:
                    throw new AppendRefusedException(
                        $"The store refuses even the trace of command {command.Value} in {journal.Name.StreamKey}: {refused.Reason}");
                case AppendVerdict.Refused refused:
                    refusal = $"It cannot be stored: {refused.Reason}";
                    break;
                case var verdict:
                    attempts.Retry(journal.Kind, journal.Name, verdict is AppendVerdict.Stale ? "stale" : "duplicate");
                    break;
            }
        }
    }

    private async Task<Receipt> AnswerAgainAsync(CommandId command, string digest, KnownId known, CancellationToken cancellationToken)
    {
        AggregateTelemetry.Decided(journal.Kind.Name, "repeated", 1);
        if (known.StreamKey != journal.Name.StreamKey || known.Digest != digest)
            return new(ReceiptOutcome.Conflict, await VersionAsync(cancellationToken), $"Command id {command.Value} was used before for something else.");
        if (known.Version is { } version)
            return new(ReceiptOutcome.Accepted, await LastVersionAsync(command, version, cancellationToken), null, Repeated: true);

        var outcome = known.Outcome == LedgerOutcome.Rejected ? ReceiptOutcome.Rejected : ReceiptOutcome.Ignored;
        return new(outcome, await VersionAsync(cancellationToken), known.Reason, Repeated: true);
    }

    private async Task<long> VersionAsync(CancellationToken cancellationToken) =>
        (await journal.BeginAsync(cancellationToken)).ExpectedVersion;

    /// <summary>The store names one event of the command; the others follow it.</summary>
    private async Task<long> LastVersionAsync(CommandId command, long version, CancellationToken cancellationToken)
    {
        var contents = await journal.Kind.Runtime.Loader.LoadAsync(
            journal.Name.StreamKey, journal.Kind.Name, TState.StateVersion, version, cancellationToken);
        return contents.Events.TakeWhile(e => e.Source?.CommandId == command.Value).LastOrDefault()?.Version ?? version;
    }

    private static ReceiptOutcome OutcomeOf(Decision<TEvent> decision) =>
        decision.Events.Count > 0 ? ReceiptOutcome.Accepted : decision.IsRejected ? ReceiptOutcome.Rejected : ReceiptOutcome.Ignored;
}

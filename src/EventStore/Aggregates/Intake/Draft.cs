using System.Collections.Immutable;
using EventStore.Aggregates.Journal;
using EventStore.Appending;
using EventStore.DeadLetters;

namespace EventStore.Aggregates.Intake;

/// <summary>
/// An append in the making: decisions run on a state of its own, ahead of the grain's. A decision that throws leaves it as it was.
/// </summary>
internal sealed class Draft<TState, TRecord, TEvent>(AggregateKind kind, StreamName name, AggregateView<TState> view) : JournalAppend
    where TState : class, IAggregate<TState, TRecord, TEvent>
    where TRecord : class
    where TEvent : class
{
    private readonly List<LedgerEntry> _ledger = [];
    private readonly List<DeadLetter> _deadLetters = [];
    private readonly Dictionary<Guid, string> _digests = [];
    private int _accepted;
    private ImmutableArray<RecordCoordinates> _positions = view.Positions;
    private ImmutableArray<RecordCoordinates> _advanced = [];

    public string StreamKey => name.StreamKey;

    /// <summary>The version that the decisions are made on.</summary>
    public long ExpectedVersion { get; } = view.Version;

    /// <summary>The state after what has been decided so far.</summary>
    public TState State { get; private set; } = view.State!;

    public List<JournalEntry<TState, TEvent>> Entries { get; } = [];

    public IReadOnlyList<DeadLetter> DeadLetters => _deadLetters;

    public bool IsEmpty => Entries.Count == 0 && _ledger.Count == 0 && _deadLetters.Count == 0 && _advanced.IsEmpty;

    /// <summary>Takes a record's place in its partition; false when the stream has already read past it.</summary>
    public bool TryPass(RecordCoordinates record)
    {
        if (_positions.Cover(record))
            return false;
        _positions = _positions.Advance(record);
        _advanced = _advanced.Advance(record);
        return true;
    }

    /// <summary>The digest of what was decided under this id in this draft, or null.</summary>
    public string? DigestOf(Guid id) => _digests.GetValueOrDefault(id);

    /// <summary>Adds a decision: its events, applied and serialized, or the ledger row that says why there are none.</summary>
    public void Decide(Guid id, EventSource source, Decision<TEvent> decision)
    {
        if (decision.Events.Count == 0)
            _ledger.Add(new(id, decision.IsRejected ? LedgerOutcome.Rejected : LedgerOutcome.Ignored, decision.Reason, source));
        else
            Apply(id, source, decision.Events);
        _digests[id] = source.Digest;
    }

    /// <summary>Adds the trace of a record that repeats an earlier one.</summary>
    public void Repeat(Guid id, EventSource source) =>
        _ledger.Add(new(id, LedgerOutcome.Duplicate, "the same id and content came before", source));

    public void Bury(IncomingRecord<TRecord> record, RecordFault fault)
    {
        var payload = record.Payload.IsEmpty ? null : record.Payload.ToArray();
        _deadLetters.Add(new(
            record.Coordinates, kind.Name, record.Key, record.SchemaId, fault.Reason, fault.Kind, fault.Exception,
            payload, record.EventId, record.Timestamp));
    }

    public override StreamAppend ToAppend() => new()
    {
        StreamKey = name.StreamKey,
        AggregateName = kind.Name,
        ExpectedVersion = ExpectedVersion,
        Events = Entries.ConvertAll(entry => entry.Stored),
        Positions = _advanced,
        Ledger = _ledger,
        DeadLetters = _deadLetters,
    };

    /// <summary>Counts what was decided, once it is durable.</summary>
    public void Report()
    {
        AggregateTelemetry.Decided(kind.Name, "events", _accepted);
        AggregateTelemetry.Decided(kind.Name, "ignored", _ledger.Count(row => row.Outcome == LedgerOutcome.Ignored));
        AggregateTelemetry.Decided(kind.Name, "rejected", _ledger.Count(row => row.Outcome == LedgerOutcome.Rejected));
        AggregateTelemetry.Decided(kind.Name, "dead_letter", _deadLetters.Count);
        AggregateTelemetry.Decided(kind.Name, "repeated", _ledger.Count(row => row.Outcome == LedgerOutcome.Duplicate));
    }

    private void Apply(Guid id, EventSource source, IReadOnlyList<TEvent> events)
    {
        var state = State;
        var entries = new List<JournalEntry<TState, TEvent>>(events.Count);
        for (var i = 0; i < events.Count; i++)
        {
            var @event = events[i] ?? throw new InvalidOperationException($"{typeof(TState)} decided on an event that is null.");
            state = TState.Apply(state, @event) ?? throw new InvalidOperationException($"{typeof(TState)}.Apply gave null.");
            var data = kind.Runtime.Serializer.Serialize(name.StreamKey, @event);
            var stored = new EventToAppend(EventIds.OfEvent(id, i), kind.NameOf(@event.GetType()), data, source with { Index = i });
            entries.Add(new(@event, stored, state, this));
        }

        Entries.AddRange(entries);
        State = state;
        _accepted++;
    }
}

using EventStore.Appending;
using EventStore.Reading;

namespace EventStore.Aggregates.Intake;

/// <summary>Whether a record was seen before.</summary>
internal enum Seen
{
    Never,

    /// <summary>The same id and content, at other coordinates: its producer sent it twice.</summary>
    Elsewhere,

    /// <summary>The same record.</summary>
    Itself,

    /// <summary>The id belongs to a record with another key or another content.</summary>
    AsAnother,
}

/// <summary>What the store is known to hold of the ids of one batch: what its verdicts said, and what it was asked about ids in doubt.</summary>
internal sealed class KnownIds(IEventReader reader)
{
    private readonly Dictionary<Guid, KnownId> _known = [];
    private readonly HashSet<Guid> _doubts = [];
    private readonly HashSet<Guid> _asked = [];

    public void Add(IEnumerable<KnownId> known)
    {
        foreach (var id in known)
            _known[id.Id] = id;
    }

    /// <summary>Notes an id that no append will ask the store about.</summary>
    public void Doubt(Guid id)
    {
        if (!_asked.Contains(id))
            _doubts.Add(id);
    }

    /// <summary>Asks the store about the ids in doubt; true when it knows one, and the batch is to be decided again.</summary>
    public async ValueTask<bool> LearnAsync(CancellationToken cancellationToken)
    {
        var learnt = _known.Count;
        foreach (var id in _doubts)
        {
            if (await FindAsync(reader, id, cancellationToken) is { } known)
                _known[id] = known;
            _asked.Add(id);
        }

        _doubts.Clear();
        return _known.Count > learnt;
    }

    /// <summary>What the draft, which holds what came before in the same batch, and the store know of a record.</summary>
    public Seen Seen<TState, TRecord, TEvent>(
        Draft<TState, TRecord, TEvent> draft, RecordCoordinates record, Guid id, string digest)
        where TState : class, IAggregate<TState, TRecord, TEvent>
        where TRecord : class
        where TEvent : class
    {
        if (_known.TryGetValue(id, out var stored))
            return stored.StreamKey != draft.StreamKey || stored.Digest != digest ? Intake.Seen.AsAnother
                : stored.Source == record ? Intake.Seen.Itself
                : Intake.Seen.Elsewhere;

        return draft.DigestOf(id) is not { } earlier ? Intake.Seen.Never
            : earlier == digest ? Intake.Seen.Elsewhere
            : Intake.Seen.AsAnother;
    }

    /// <summary>The event or ledger row that an id belongs to, or null.</summary>
    public static async ValueTask<KnownId?> FindAsync(IEventReader reader, Guid id, CancellationToken cancellationToken)
    {
        var trace = await reader.FindAsync(id, cancellationToken: cancellationToken);
        if (trace.Event is { } e)
            return new(id, e.StreamKey, e.Source?.Digest ?? "", e.Source?.Record, e.Version, null, null);
        var row = trace.Ledger.FirstOrDefault(l => l.Entry.Outcome != LedgerOutcome.Duplicate);
        return row is null ? null
            : new(id, row.StreamKey, row.Entry.Source.Digest, row.Entry.Source.Record, null, row.Entry.Outcome, row.Entry.Reason);
    }
}

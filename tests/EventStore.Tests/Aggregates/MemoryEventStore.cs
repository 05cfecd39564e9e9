using EventStore.Appending;
using EventStore.DeadLetters;
using EventStore.Reading;

namespace EventStore.Tests.Aggregates;

/// <summary>An event store in memory that gives the documented verdicts.</summary>
public sealed class MemoryEventStore : IGroupCommit, IStreamLoader, IEventReader, ISnapshotStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, MemoryStream> _streams = [];
    private readonly Dictionary<Guid, KnownId> _ids = [];
    private long _sequence;

    public MemoryStream this[string streamKey]
    {
        get
        {
            lock (_lock)
                return Of(streamKey);
        }
    }

    public ValueTask<AppendVerdict> AppendAsync(StreamAppend append, CancellationToken cancellationToken = default)
    {
        lock (_lock)
            return ValueTask.FromResult(Append(append));
    }

    public ValueTask<StreamContents> LoadAsync(
        string streamKey, string aggregateName, int stateVersion, long? afterVersion, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            var stream = Of(streamKey);
            var snapshot = afterVersion is null && stream.Snapshot?.StateVersion == stateVersion ? stream.Snapshot : null;
            var from = afterVersion ?? snapshot?.Version ?? 0;
            return ValueTask.FromResult(new StreamContents(
                stream.Version, snapshot, [.. stream.Events.Where(e => e.Version > from)], [.. stream.Positions.Values]));
        }
    }

    public ValueTask SaveAsync(string streamKey, string aggregateName, StateSnapshot snapshot, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            var stream = Of(streamKey);
            stream.SnapshotAttempts++;
            if (stream.SnapshotsFail)
                throw new StoreUnavailableException("the store is away");
            if (stream.Snapshot is null || stream.Snapshot.Version < snapshot.Version)
                stream.Snapshot = snapshot;
        }

        return ValueTask.CompletedTask;
    }

    public async ValueTask<IReadOnlyList<StoredEvent>> ReadStreamAsync(
        string streamKey, long afterVersion, int limit, CancellationToken cancellationToken = default) =>
        [.. (await LoadAsync(streamKey, "", 0, afterVersion, cancellationToken)).Events.Take(limit)];

    public ValueTask<IReadOnlyList<StoredEvent>> ReadAllAsync(
        long afterSequence, int limit, long? upTo = null, CancellationToken cancellationToken = default)
    {
        lock (_lock)
            return ValueTask.FromResult<IReadOnlyList<StoredEvent>>([.. _streams.Values.SelectMany(s => s.Events)
                .Where(e => e.Sequence > afterSequence && e.Sequence <= (upTo ?? long.MaxValue)).OrderBy(e => e.Sequence).Take(limit)]);
    }

    public ValueTask<IReadOnlyList<StoredEvent>> ReadNewestAsync(int limit, CancellationToken cancellationToken = default)
    {
        lock (_lock)
            return ValueTask.FromResult<IReadOnlyList<StoredEvent>>(
                [.. _streams.Values.SelectMany(s => s.Events).OrderByDescending(e => e.Sequence).Take(limit)]);
    }

    public ValueTask<EventTrace> FindAsync(Guid eventId, string? asWritten = null, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            var found = _streams.Values.SelectMany(s => s.Events).SingleOrDefault(e => e.Id == eventId);
            var rows = _streams.SelectMany(s => s.Value.Ledger.Where(l => l.EventId == eventId)
                .Select(l => new StoredLedgerEntry(s.Key, l, DateTimeOffset.UnixEpoch)));
            return ValueTask.FromResult(new EventTrace(found, [.. rows], []));
        }
    }

    private AppendVerdict Append(StreamAppend append)
    {
        var stream = Of(append.StreamKey);
        var claims = append.Events.Select(e => (e.Id, e.Source, Row: (LedgerEntry?)null))
            .Concat(append.Ledger.Where(l => l.Outcome != LedgerOutcome.Duplicate).Select(l => (Id: l.EventId, l.Source, Row: (LedgerEntry?)l))).ToList();
        if (append.StreamKey.Length > 250 || append.StreamKey.Contains('\0') || claims.DistinctBy(c => c.Id).Count() < claims.Count
            || append.Events.Any(e => e.Data.Contains("\\u0000", StringComparison.Ordinal)))
            return new AppendVerdict.Refused("unsupported Unicode escape sequence", "22P05");
        if (append.ExpectedVersion != stream.Version || append.Positions.Any(p => stream.Positions.TryGetValue(Partition(p), out var at) && p.Offset <= at.Offset))
            return new AppendVerdict.Stale(stream.Version);
        if (claims.Select(c => _ids.GetValueOrDefault(c.Id)).OfType<KnownId>().ToList() is { Count: > 0 } known)
            return new AppendVerdict.Duplicate(known);

        foreach (var e in append.Events)
            stream.Events.Add(new(++_sequence, e.Id, append.StreamKey, stream.Version + 1, e.TypeName, e.Data, DateTimeOffset.UnixEpoch, e.Source));
        foreach (var (id, source, row) in claims)
        {
            var version = row is null ? stream.Events.Single(e => e.Id == id).Version : (long?)null;
            _ids.Add(id, new(id, append.StreamKey, source.Digest, source.Record, version, row?.Outcome, row?.Reason));
        }

        foreach (var position in append.Positions)
            stream.Positions[Partition(position)] = position;
        stream.Ledger.AddRange(append.Ledger);
        foreach (var letter in append.DeadLetters)
            stream.DeadLetters[letter.Record] = letter;
        stream.Appends.Add(append);
        return new AppendVerdict.Committed(stream.Version, append.Events.Count == 0 ? 0 : _sequence);
    }

    private static (string, string, int) Partition(RecordCoordinates c) => (c.Topic, c.Incarnation, c.Partition);

    private MemoryStream Of(string streamKey) =>
        _streams.TryGetValue(streamKey, out var stream) ? stream : _streams[streamKey] = new MemoryStream();

    /// <summary>What the store holds of one stream. Read it when no append is in flight.</summary>
    public sealed class MemoryStream
    {
        public List<StoredEvent> Events { get; } = [];

        public List<LedgerEntry> Ledger { get; } = [];

        public Dictionary<RecordCoordinates, DeadLetter> DeadLetters { get; } = [];

        public Dictionary<(string Topic, string Incarnation, int Partition), RecordCoordinates> Positions { get; } = [];

        /// <summary>The appends that were committed.</summary>
        public List<StreamAppend> Appends { get; } = [];

        public StateSnapshot? Snapshot { get; set; }

        public bool SnapshotsFail { get; set; }

        public int SnapshotAttempts { get; set; }

        public long Version => Events.Count;
    }
}

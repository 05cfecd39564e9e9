using System.Text.Json.Nodes;
using EventStore;
using EventStore.Aggregates;
using SchemaRegistry;

namespace Cli.Audit;

/// <summary>The account of one partition.</summary>
internal sealed record PartitionResult(string Topic, int Partition)
{
    public long Read { get; set; }

    public long Stored { get; set; }

    public long Duplicate { get; set; }

    public long NoEvent { get; set; }

    public long Dead { get; set; }

    public long Lost { get; set; }

    public long Reordered { get; set; }

    public long Differing { get; set; }

    /// <summary>What of the partition's past Kafka no longer has, and so was not covered.</summary>
    public long Missing { get; set; }
}

/// <summary>Holds a partition's records against what the store says of them: each exactly once, in order, and with the events that it gives.</summary>
internal sealed class PartitionAudit(AuditedAggregate aggregate, PartitionResult result, IReadOnlyList<AuditedRecord> records, Action<string> tell)
{
    private const int StreamsPerPage = 500;
    private readonly Dictionary<long, AuditedRecord> _byOffset = records.ToDictionary(r => r.Offset);
    private readonly Dictionary<long, int> _places = [];
    private readonly HashSet<long> _withoutDecision = [];

    public async Task RunAsync(StoreTables store, string incarnation, long low, long high, Action<string, long, JsonNode> onState)
    {
        result.Read = records.Count;
        await EventsAsync(store, incarnation, low, high);
        await LedgerAsync(store, incarnation, low, high);
        await DeadLettersAsync(store, incarnation, low, high);
        foreach (var record in records)
        {
            var places = _places.GetValueOrDefault(record.Offset);
            if (places == 0)
                Lost(record);
            else if (places > 1)
                Differ($"offset {record.Offset} has left {places} traces instead of one");
        }

        await PositionsAsync(store, incarnation, low, high);
        await RefoldAsync(store, incarnation, onState);
    }

    private async Task EventsAsync(StoreTables store, string incarnation, long low, long high)
    {
        var last = new Dictionary<string, long>();
        await foreach (var e in store.EventsOfPartitionAsync(aggregate.Topic, incarnation, result.Partition))
        {
            var source = e.Source!;
            var offset = source.Record!.Value.Offset;
            if (offset < low || offset >= high)
                continue;
            if (!_byOffset.TryGetValue(offset, out var record))
            {
                Differ($"event {e.Version} of {e.StreamKey} says it comes from offset {offset}, where no record lies");
                continue;
            }

            if (source.Index == 0)
            {
                result.Stored++;
                Place(offset);
                if (!source.Reprocessed && last.TryGetValue(e.StreamKey, out var before) && before > offset)
                {
                    result.Reordered++;
                    tell($"{aggregate.Topic}/{result.Partition}: {e.StreamKey} has offset {offset} after {before}");
                }

                if (!source.Reprocessed)
                    last[e.StreamKey] = offset;
            }

            if (!record.IsGood && !source.Reprocessed)
                Differ($"offset {offset} is unusable ({record.Fault}), but event {e.Version} of {e.StreamKey} is stored for it");
            else if (!source.Reprocessed && (e.Id != EventIds.OfEvent(record.EventId!.Value, source.Index) || source.Digest != record.Digest || e.StreamKey != $"{aggregate.Name}/{record.Key}"))
                Differ($"event {e.Version} of {e.StreamKey} is not that of offset {offset}: id, digest or key differ");
        }
    }

    private async Task LedgerAsync(StoreTables store, string incarnation, long low, long high)
    {
        await foreach (var row in store.LedgerAsync(aggregate.Topic, incarnation, result.Partition))
        {
            if (row.Offset < low || row.Offset >= high)
                continue;
            if (row.Outcome == 3)
            {
                result.Duplicate++;
                _withoutDecision.Add(row.Offset);
            }
            else
            {
                result.NoEvent++;
            }

            Place(row.Offset);
            if (!_byOffset.TryGetValue(row.Offset, out var record))
                Differ($"the ledger has offset {row.Offset}, where no record lies");
            else if (!row.Reprocessed && (row.EventId != record.EventId || row.Digest != record.Digest || row.StreamKey != $"{aggregate.Name}/{record.Key}"))
                Differ($"the ledger's row for offset {row.Offset} is not that of its record: id, digest or key differ");
            else if (!row.FirstExists)
                Differ($"offset {row.Offset} is called a duplicate of {row.EventId}, which the store does not have");
        }
    }

    private async Task DeadLettersAsync(StoreTables store, string incarnation, long low, long high)
    {
        const int Undecodable = 1, Invalid = 2, FutureTimestamp = 3, Reprocessed = 2;
        await foreach (var letter in store.DeadLettersAsync(aggregate.Topic, incarnation, result.Partition))
        {
            if (letter.Offset < low || letter.Offset >= high)
                continue;
            result.Dead++;
            _withoutDecision.Add(letter.Offset);
            // A record that was sent again stands in its stream as well.
            if (letter.Status != Reprocessed || _places.GetValueOrDefault(letter.Offset) == 0)
                Place(letter.Offset);
            if (!_byOffset.TryGetValue(letter.Offset, out var record))
                Differ($"a dead letter has offset {letter.Offset}, where no record lies");
            else if (record.IsGood && letter.Kind is Undecodable or Invalid or FutureTimestamp)
                Differ($"offset {letter.Offset} is a dead letter, but the record is good");
            else if (EventIds.Digest(letter.Payload, WireFormat.HeaderLength) != record.Digest)
                Differ($"the dead letter of offset {letter.Offset} does not have its record's payload");
        }
    }

    private async Task PositionsAsync(StoreTables store, string incarnation, long low, long high)
    {
        var expected = records.Where(r => !string.IsNullOrEmpty(r.Key) && r.Key.Length <= 200).GroupBy(r => $"{aggregate.Name}/{r.Key}").ToDictionary(g => g.Key, g => g.Max(r => r.Offset));
        await foreach (var (stream, offset) in store.PositionsAsync(aggregate.Topic, incarnation, result.Partition))
        {
            if (offset < low || offset >= high)
                expected.Remove(stream); // before or beyond what this audit reads
            else if (!expected.Remove(stream, out var newest))
                Differ($"{stream} has read up to offset {offset}, but it has no record there");
            else if (newest != offset)
                Differ($"{stream} has read up to offset {offset}, but its newest record is {newest}");
        }

        foreach (var (stream, offset) in expected)
            Differ($"{stream} has no position, but records up to offset {offset}");
    }

    private async Task RefoldAsync(StoreTables store, string incarnation, Action<string, long, JsonNode> onState)
    {
        var byStream = records.Where(r => r.IsGood && !_withoutDecision.Contains(r.Offset)).GroupBy(r => $"{aggregate.Name}/{r.Key}");
        foreach (var page in byStream.Chunk(StreamsPerPage))
        {
            var events = new Dictionary<string, List<AuditedEvent>>();
            await foreach (var e in store.EventsOfStreamsAsync([.. page.Select(g => g.Key)]))
                (events.TryGetValue(e.StreamKey, out var list) ? list : events[e.StreamKey] = []).Add(e);
            foreach (var stream in page)
            {
                var stored = events.GetValueOrDefault(stream.Key) ?? [];
                if (aggregate.Refold(stored, [.. stream], from => IsOurs(incarnation, from), Differ) is { } state)
                    onState(stream.Key, stored.Count, state);
            }
        }
    }

    private bool IsOurs(string incarnation, RecordCoordinates from) =>
        from.Topic == aggregate.Topic && from.Incarnation == incarnation && from.Partition == result.Partition;

    private void Place(long offset) => _places[offset] = _places.GetValueOrDefault(offset) + 1;

    private void Lost(AuditedRecord record)
    {
        result.Lost++;
        tell($"{aggregate.Topic}/{result.Partition}: offset {record.Offset} (key {record.Key ?? "none"}) has left no trace");
    }

    private void Differ(string what)
    {
        result.Differing++;
        tell($"{aggregate.Topic}/{result.Partition}: {what}");
    }
}

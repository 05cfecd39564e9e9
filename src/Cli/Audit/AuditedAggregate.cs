using System.Text.Json;
using System.Text.Json.Nodes;
using EventStore;
using EventStore.Aggregates;
using SchemaRegistry;

namespace Cli.Audit;

/// <summary>An aggregate as the audit knows it: its topic, its decoder and its pure functions; nothing of the path that writes.</summary>
internal abstract class AuditedAggregate(string name, string topic)
{
    public string Name { get; } = name;

    public string Topic { get; } = topic;

    /// <summary>Judges a record by the rules of the documentation.</summary>
    public abstract Task<AuditedRecord> JudgeAsync(long offset, string? key, byte[]? value, long timestampMs, CancellationToken cancellationToken);

    /// <summary>
    /// Decides and folds a stream again: each record's events must be those stored, and a record without events must be one that gives none.
    /// </summary>
    /// <param name="events">The stream's events, in order.</param>
    /// <param name="records">Its records of one partition that are neither dead letters nor duplicates, in order.</param>
    /// <param name="isOurs">Whether an event comes from that partition, in this incarnation of its topic.</param>
    /// <param name="differences">Where differences are told.</param>
    /// <returns>The state as JSON.</returns>
    public abstract JsonNode? Refold(
        IReadOnlyList<AuditedEvent> events, IReadOnlyList<AuditedRecord> records, Func<RecordCoordinates, bool> isOurs, Action<string> differences);
}

/// <inheritdoc/>
internal sealed class AuditedAggregate<TState, TRecord, TEvent>(
    string name, string topic, IRecordDecoder<TRecord> decoder, Func<TRecord, string> key, Func<TRecord, string> eventId, Func<TRecord, DateTimeOffset> time)
    : AuditedAggregate(name, topic)
    where TState : class, IAggregate<TState, TRecord, TEvent>
    where TRecord : class
    where TEvent : class
{
    private const int MaxKeyLength = 200;

    // What a time can be, from year 1 to 9999, in Unix milliseconds.
    private const long FirstMs = -62_135_596_800_000;
    private const long LastMs = 253_402_300_799_999;

    private static readonly TimeSpan MaxFutureSkew = TimeSpan.FromDays(1);
    private readonly EventTypes _types = new EventTypes().AddEventsOf(typeof(TEvent));

    public override async Task<AuditedRecord> JudgeAsync(
        long offset, string? recordKey, byte[]? value, long timestampMs, CancellationToken cancellationToken)
    {
        var digest = EventIds.Digest(value, WireFormat.HeaderLength);
        if (value is null)
            return new(offset, recordKey, null, "no value", null, digest);
        TRecord record;
        try
        {
            record = await decoder.DecodeAsync(value, cancellationToken);
        }
        catch (RecordFormatException e)
        {
            return new(offset, recordKey, null, e.Message, null, digest);
        }

        var fault = string.IsNullOrEmpty(recordKey) ? "no key"
            : recordKey.Length > MaxKeyLength ? "the key is too long"
            : key(record) != recordKey ? "another key in its content"
            : string.IsNullOrEmpty(eventId(record)) ? "no event id"
            : timestampMs is < FirstMs or > LastMs ? "its Kafka timestamp is no time"
            : time(record) - DateTimeOffset.FromUnixTimeMilliseconds(timestampMs) > MaxFutureSkew ? "too far in the future"
            : null;
        return new(offset, recordKey, record, fault, string.IsNullOrEmpty(eventId(record)) ? null : EventIds.OfRecord(eventId(record)), digest);
    }

    public override JsonNode? Refold(
        IReadOnlyList<AuditedEvent> events, IReadOnlyList<AuditedRecord> records, Func<RecordCoordinates, bool> isOurs, Action<string> differences)
    {
        var byOffset = records.ToDictionary(r => r.Offset);
        // States at which a record without events may have been decided: after each event since the one of the record before it.
        var silent = new Queue<AuditedRecord>(records.Where(r => events.All(e => OffsetOf(e) != r.Offset)).OrderBy(r => r.Offset));
        var state = TState.Initial;
        var candidates = new List<TState> { state };
        for (var i = 0; i < events.Count; i++)
        {
            var e = events[i];
            if (e.Source is { Index: 0, Reprocessed: false } && OffsetOf(e) is { } offset && byOffset.TryGetValue(offset, out var record))
            {
                while (silent.TryPeek(out var before) && before.Offset < offset)
                    CheckSilent(silent.Dequeue(), candidates, differences);
                CheckDecision(state, record, [.. events.Skip(i).TakeWhile(next => OffsetOf(next) == offset)], differences);
                candidates.Clear();
                candidates.Add(state);
            }

            try
            {
                state = TState.Apply(state, Read(e));
            }
            catch (Exception error)
            {
                differences($"{e.StreamKey}: event {e.Version} cannot be applied: {error.Message}");
                return null;
            }

            candidates.Add(state);
        }

        foreach (var record in silent)
            CheckSilent(record, candidates, differences);
        return JsonSerializer.SerializeToNode(state, EventJson.Options);

        long? OffsetOf(AuditedEvent e) => e.Source?.Record is { } from && isOurs(from) ? from.Offset : null;
    }

    private static void CheckSilent(AuditedRecord record, List<TState> candidates, Action<string> differences)
    {
        if (!candidates.Any(state => Decide(state, record) is { } decision && decision.Events.Count == 0))
            differences($"offset {record.Offset}: the record gives an event, but none is stored");
    }

    private static void CheckDecision(TState state, AuditedRecord record, AuditedEvent[] stored, Action<string> differences)
    {
        var decided = Decide(state, record)?.Events ?? [];
        if (stored.Length != decided.Count)
        {
            differences($"offset {record.Offset}: the record gives {decided.Count} events, but {stored.Length} are stored");
            return;
        }

        for (var i = 0; i < stored.Length; i++)
        {
            var type = EventTypes.NameOf(decided[i].GetType());
            var data = JsonSerializer.SerializeToNode(decided[i], decided[i].GetType(), EventJson.Options);
            if (type != stored[i].Type || !JsonNode.DeepEquals(data, JsonNode.Parse(stored[i].Data)))
                differences($"offset {record.Offset}: event {stored[i].Version} of {stored[i].StreamKey} is stored as {stored[i].Type} {stored[i].Data}, but the record gives {type} {data?.ToJsonString()}");
        }
    }

    private static Decision<TEvent>? Decide(TState state, AuditedRecord record)
    {
        try
        {
            return TState.Decide(state, (TRecord)record.Value!);
        }
        catch (Exception)
        {
            return null; // An aggregate that throws gives no decision; the record should then be a dead letter.
        }
    }

    private TEvent Read(AuditedEvent e) => (TEvent)JsonSerializer.Deserialize(e.Data, _types.TypeOf(e.Type), EventJson.Options)!;
}

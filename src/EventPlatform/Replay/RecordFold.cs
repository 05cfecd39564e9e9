using System.Text.Json;
using EventPlatform.Intake;
using EventStore;
using EventStore.Aggregates;
using EventStore.Appending;
using Orleans.Streams.Kafka;

namespace EventPlatform.Replay;

/// <summary>Decides records again, one after the other, as the aggregate's grains did: the events of a topic without its store.</summary>
internal abstract class RecordFold
{
    /// <summary>The events that a record gives; none for one that is unusable, repeated, ignored or rejected.</summary>
    public abstract ValueTask<IReadOnlyList<StoredEvent>> NextAsync(KafkaRecord record, CancellationToken cancellationToken);

    /// <summary>Makes a fold for an aggregate's grain class.</summary>
    public static RecordFold For(Type grain, TopicReaders readers)
    {
        for (var type = grain; type is not null; type = type.BaseType)
        {
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(EventSourcedGrain<,,>))
                return (RecordFold)Activator.CreateInstance(typeof(RecordFold<,,>).MakeGenericType(type.GetGenericArguments()), AggregateNames.Of(grain), readers)!;
        }

        throw new InvalidOperationException($"{grain} must derive from EventSourcedGrain<TState, TRecord, TEvent>.");
    }
}

/// <inheritdoc/>
internal sealed class RecordFold<TState, TRecord, TEvent>(string aggregate, TopicReaders readers) : RecordFold
    where TState : class, IAggregate<TState, TRecord, TEvent>
    where TRecord : class
    where TEvent : class
{
    private readonly Dictionary<string, (TState State, long Version)> _states = new(StringComparer.Ordinal);
    private readonly HashSet<Guid> _seen = [];

    public override async ValueTask<IReadOnlyList<StoredEvent>> NextAsync(KafkaRecord record, CancellationToken cancellationToken)
    {
        // Live, a key that names no grain, or no stream, makes a dead letter of each of its records.
        if (record.Key is not { Length: <= KafkaRecord.MaxKeyCharacters } key || !Storable.IsKey(aggregate, key))
            return [];
        var incoming = await readers.Of<TRecord>(record.Topic).ReadAsync(record, cancellationToken);
        if (incoming.Value is not { } value)
            return [];
        var id = EventIds.OfRecord(incoming.EventId!);
        if (_seen.Contains(id))
            return [];
        var (state, version) = _states.GetValueOrDefault(key, (TState.Initial, 0));
        var events = new List<StoredEvent>();
        try
        {
            foreach (var e in TState.Decide(state, value).Events)
            {
                state = TState.Apply(state, e) ?? throw new InvalidOperationException($"{typeof(TState)}.Apply gave null.");
                events.Add(Stored(e, incoming, ++version, events.Count));
            }
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
        {
            return []; // live, this record is a dead letter, and its id stays free: the aggregate failed on it
        }

        if (!events.TrueForAll(e => Storable.IsEvent(e.Data)))
            return []; // the same: the database refuses it
        _seen.Add(id);
        _states[key] = (state, version);
        return events;
    }

    private StoredEvent Stored(TEvent e, IncomingRecord<TRecord> record, long version, int index) => new(
        0, EventIds.OfEvent(EventIds.OfRecord(record.EventId!), index), $"{aggregate}/{record.Key}", version, EventTypes.NameOf(e.GetType()),
        JsonSerializer.Serialize(e, e.GetType(), EventJson.Options), record.Timestamp,
        new EventSource(record.Coordinates, null, EventIds.Digest(record.Payload.Span, record.DigestOffset), index));
}

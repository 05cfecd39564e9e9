using Orleans.Providers.Streams.Common;

namespace Orleans.Streams.Kafka.Cache;

/// <summary>All that a stream has pending, as one delivery.</summary>
[GenerateSerializer, Immutable, Alias("Orleans.Streams.Kafka.Batch`1")]
internal sealed class KafkaBatch<TItem>(StreamId streamId, TItem[] items) : IBatchContainer, IReadMark
    where TItem : class, IKafkaItem
{
    [Id(0)] private readonly StreamId _streamId = streamId;
    [Id(1)] private readonly TItem[] _items = items;
    [NonSerialized] private bool _wasRead;

    public StreamId StreamId => _streamId;

    public IReadOnlyList<TItem> Items => _items;

    public StreamSequenceToken SequenceToken => new EventSequenceTokenV2(_items[0].Offset);

    public bool WasRead => _wasRead;

    public IEnumerable<Tuple<TEvent, StreamSequenceToken>> GetEvents<TEvent>()
    {
        _wasRead = true;
        if (!typeof(TEvent).IsAssignableFrom(typeof(TItem)))
        {
            // Yielding nothing would count as delivered, and the records would be lost in silence.
            throw new InvalidOperationException(
                $"Stream {_streamId} carries {typeof(TItem).Name} and is observed as {typeof(TEvent).Name}. "
                + $"Subscribe with IAsyncBatchObserver<{typeof(TItem).Name}>.");
        }

        // An array: Orleans copies what it gets into a list, and asks an array for its length.
        var events = new Tuple<TEvent, StreamSequenceToken>[_items.Length];
        for (var i = 0; i < events.Length; i++)
        {
            events[i] = new((TEvent)(object)_items[i], new EventSequenceTokenV2(_items[i].Offset));
        }

        return events;
    }

    public bool ImportRequestContext() => false;

    public override string ToString() => $"{_streamId}: {_items.Length} items from offset {_items[0].Offset}";
}

/// <summary>Tells whether an observer has looked at a batch.</summary>
internal interface IReadMark
{
    bool WasRead { get; }
}

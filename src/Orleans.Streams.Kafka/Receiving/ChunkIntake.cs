using Confluent.Kafka;

namespace Orleans.Streams.Kafka.Receiving;

/// <summary>
/// Gathers what is fetched of a partition into chunks. Keys and values were copied by the deserializer to the scratch that a topic's partitions
/// share, so that a record costs no array of its own; what arrives here are their lengths.
/// </summary>
internal sealed class ChunkIntake(string streamName, string topic, int partition, ChunkScratch scratch, KafkaPartitionStreamsOptions options)
    : PartitionIntake<KafkaChunk, int>(partition, options.MaxOutstandingChunks, options.MaxOutstandingBytes)
{
    /// <summary>With so many chunks waiting, another small one would only be one more: records gather instead.</summary>
    private const int EnoughWaiting = 2;
    private readonly List<ChunkEntry> _entries = [];
    private readonly StreamId _stream = StreamId.Create(streamName, partition.ToString(System.Globalization.CultureInfo.InvariantCulture));
    private byte[] _data = new byte[64 * 1024];
    private int _length;
    private long _start;
    private long _next;
    private long? _gapFrom;

    public override void OnRecord(ConsumeResult<int, int> result)
    {
        var bytes = scratch.Take();
        var timestamp = result.Message.Timestamp.UnixTimestampMs;
        if (IsSkipped(timestamp) || result.Offset.Value < _next)
        {
            return;
        }

        if (_entries.Count > 0 && _length + bytes.Length > options.MaxChunkBytes)
        {
            PutGathered();
        }

        if (_length + bytes.Length > _data.Length)
        {
            Array.Resize(ref _data, Math.Max(_length + bytes.Length, _data.Length * 2));
        }

        bytes.CopyTo(_data.AsSpan(_length));
        _entries.Add(new(result.Offset.Value, timestamp, _length, result.Message.Key, result.Message.Value));
        _length += bytes.Length;
        _next = result.Offset.Value + 1;
        if (_entries.Count >= options.MaxChunkRecords)
        {
            PutGathered();
        }
    }

    public override void Flush()
    {
        if (Count < EnoughWaiting)
        {
            PutGathered();
        }
    }

    protected override void PutGathered()
    {
        if (_entries.Count == 0)
        {
            return;
        }

        // Every byte is written at once: clearing them first would cost as much again.
        var data = GC.AllocateUninitializedArray<byte>(_length);
        _data.AsSpan(0, _length).CopyTo(data);
        var entries = GC.AllocateUninitializedArray<ChunkEntry>(_entries.Count);
        _entries.CopyTo(entries);

        var chunk = new KafkaChunk
        {
            Topic = topic,
            Incarnation = Incarnation,
            Partition = Partition,
            StartOffset = _start,
            NextOffset = _next,
            GapFrom = _gapFrom,
            Data = data,
            Entries = entries,
        };
        Put(new(ArrivalKind.Item, _start) { Item = chunk, Stream = _stream });
        _entries.Clear();
        _length = 0;
        _start = _next;
        _gapFrom = null;
    }

    protected override void OnBegin(long offset, long? gapFrom)
    {
        _entries.Clear();
        _length = 0;
        _start = _next = offset;
        _gapFrom = gapFrom;
    }
}

/// <summary>Where the deserializers of a consumer leave a record's key and value, one behind the other.</summary>
internal sealed class ChunkScratch : IDeserializer<int>
{
    private byte[] _bytes = new byte[4096];
    private int _length;

    public int Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
    {
        if (_length + data.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_length + data.Length, _bytes.Length * 2));
        }

        data.CopyTo(_bytes.AsSpan(_length));
        _length += data.Length;
        return isNull ? -1 : data.Length;
    }

    public ReadOnlySpan<byte> Take()
    {
        var taken = _bytes.AsSpan(0, _length);
        _length = 0;
        return taken;
    }
}

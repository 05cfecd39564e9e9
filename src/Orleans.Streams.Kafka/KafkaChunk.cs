using System.Text;
using Orleans.Streams.Kafka.Cache;

namespace Orleans.Streams.Kafka;

/// <summary>
/// What was fetched of a partition in one go: the item of a stream by partition. Keys and values lie in one buffer, so a chunk costs a handful
/// of allocations however many records it holds.
/// </summary>
[GenerateSerializer, Immutable]
public sealed class KafkaChunk : IKafkaItem
{
    /// <summary>The topic's name on the broker.</summary>
    [Id(0)] public required string Topic { get; init; }

    /// <summary>The topic's id; see <see cref="KafkaRecord.Incarnation"/>.</summary>
    [Id(1)] public required string Incarnation { get; init; }

    /// <summary>The partition, from 0.</summary>
    [Id(2)] public required int Partition { get; init; }

    /// <summary>
    /// The position before the chunk: the former chunk's <see cref="NextOffset"/>. A subscriber that is elsewhere goes back to its own
    /// checkpoint first, forgetting what it holds beyond it: the provider may have gone back there too. If it is still elsewhere it throws, and
    /// the provider asks for its position again and reads on from there; what comes before it does may be the same chunk, or one of the same reading.
    /// </summary>
    [Id(3)] public required long StartOffset { get; init; }

    /// <summary>The position after the chunk: what a checkpoint of it says.</summary>
    [Id(4)] public required long NextOffset { get; init; }

    /// <summary>
    /// Set when records before the chunk are no more, and the option <c>OnGap</c> says to go on: the position that the subscriber was at, from which up to
    /// <see cref="StartOffset"/> nothing will come. Null otherwise: a subscriber that is elsewhere then only has to be met there.
    /// </summary>
    [Id(7)] public long? GapFrom { get; init; }

    [Id(5)] internal byte[] Data { get; init; } = [];

    [Id(6)] internal ChunkEntry[] Entries { get; init; } = [];

    /// <summary>How many records the chunk holds.</summary>
    public int Count => Entries.Length;

    /// <summary>The record at an index.</summary>
    public KafkaChunkRecord this[int index] => new(Data, Entries[index]);

    /// <summary>The value of the record at an index, which shares the chunk's memory; empty for a tombstone.</summary>
    public ReadOnlyMemory<byte> ValueAt(int index)
    {
        var entry = Entries[index];
        return Data.AsMemory(entry.At + Math.Max(0, entry.KeyLength), Math.Max(0, entry.ValueLength));
    }

    // Not StartOffset: between the former chunk and this one a transaction may have ended, and the end of the partition was then reached beyond it.
    long IKafkaItem.Offset => Entries.Length > 0 ? Entries[0].Offset : StartOffset;

    int IKafkaItem.Size => 128 + Data.Length + Entries.Length * 32;
}

/// <summary>Where a record lies in a chunk. A length of -1 is a null.</summary>
[GenerateSerializer, Immutable]
internal readonly record struct ChunkEntry(
    [property: Id(0)] long Offset, [property: Id(1)] long TimestampMs, [property: Id(2)] int At, [property: Id(3)] int KeyLength, [property: Id(4)] int ValueLength);

/// <summary>A view of one record of a <see cref="KafkaChunk"/>.</summary>
public readonly ref struct KafkaChunkRecord
{
    private readonly byte[] _data;
    private readonly ChunkEntry _entry;

    internal KafkaChunkRecord(byte[] data, ChunkEntry entry) => (_data, _entry) = (data, entry);

    /// <summary>The offset in the partition.</summary>
    public long Offset => _entry.Offset;

    /// <summary>Kafka's timestamp, in milliseconds since the Unix epoch.</summary>
    public long TimestampMs => _entry.TimestampMs;

    /// <summary>Whether the record has a key.</summary>
    public bool HasKey => _entry.KeyLength >= 0;

    /// <summary>Whether the record has a value; one without is a tombstone.</summary>
    public bool HasValue => _entry.ValueLength >= 0;

    /// <summary>The key's bytes.</summary>
    public ReadOnlySpan<byte> Key => _data.AsSpan(_entry.At, Math.Max(0, _entry.KeyLength));

    /// <summary>The value's bytes.</summary>
    public ReadOnlySpan<byte> Value => _data.AsSpan(_entry.At + Math.Max(0, _entry.KeyLength), Math.Max(0, _entry.ValueLength));

    /// <summary>The key as UTF-8 text, or null.</summary>
    public string? KeyText => HasKey ? Encoding.UTF8.GetString(Key) : null;
}

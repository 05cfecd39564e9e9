using System.Text;
using Orleans.Streams.Kafka.Producing;

namespace Orleans.Streams.Kafka.Receiving;

/// <summary>
/// The keys that a topic's consumer has seen lately, so that a key's text and stream id are made once and not with every record; and with them
/// the partition of each, so that a key that appears on two of them (producers with different partitioners) is noticed. Of bounded size: two keys
/// that fall on one slot take turns.
/// </summary>
internal sealed class KeyCache(string streamName)
{
    private const int Slots = 16 * 1024;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly Slot?[] _slots = new Slot?[Slots];
    private readonly byte[] _namespace = Encoding.UTF8.GetBytes(streamName);
    private long _onTwoPartitions;

    /// <summary>How often a key came from another partition than the time before. Safe to read from any thread.</summary>
    public long OnTwoPartitions => Volatile.Read(ref _onTwoPartitions);

    /// <summary>The key's text and stream, or why it cannot have one.</summary>
    public (string? Key, StreamId Stream, KafkaUnroutableReason? Reason) Resolve(byte[]? bytes, int partition)
    {
        if (bytes is null or { Length: 0 })
        {
            return (bytes is null ? null : "", default, KafkaUnroutableReason.NoKey);
        }

        ref var slot = ref _slots[Murmur2.Hash(bytes) & (Slots - 1)];
        if (slot is null || !slot.Bytes.AsSpan().SequenceEqual(bytes))
        {
            if (!TryDecode(bytes, out var key))
            {
                return (null, default, KafkaUnroutableReason.KeyNotText);
            }

            if (key.Length > KafkaRecord.MaxKeyCharacters)
            {
                return (key, default, KafkaUnroutableReason.KeyTooLong);
            }

            slot = new(bytes, key, StreamId.Create(_namespace, bytes), partition);
        }
        else if (slot.Partition != partition)
        {
            slot.Partition = partition;
            Volatile.Write(ref _onTwoPartitions, _onTwoPartitions + 1);
        }

        return (slot.Key, slot.Stream, null);
    }

    private static bool TryDecode(byte[] bytes, out string key)
    {
        try
        {
            key = Strict.GetString(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            key = "";
            return false;
        }
    }

    private sealed class Slot(byte[] bytes, string key, StreamId stream, int partition)
    {
        public byte[] Bytes => bytes;

        public string Key => key;

        public StreamId Stream => stream;

        public int Partition { get; set; } = partition;
    }
}

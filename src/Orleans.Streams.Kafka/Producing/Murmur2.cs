using System.Buffers.Binary;

namespace Orleans.Streams.Kafka.Producing;

/// <summary>The hash by which Java's producers, and librdkafka's <c>murmur2_random</c>, choose a key's partition.</summary>
internal static class Murmur2
{
    private const uint M = 0x5bd1e995;

    public static uint Hash(ReadOnlySpan<byte> data)
    {
        var h = 0x9747b28c ^ (uint)data.Length;
        while (data.Length >= 4)
        {
            var k = BinaryPrimitives.ReadUInt32LittleEndian(data) * M;
            k ^= k >> 24;
            h = (h * M) ^ (k * M);
            data = data[4..];
        }

        for (var i = data.Length - 1; i >= 0; i--)
        {
            h ^= (uint)data[i] << (8 * i);
        }

        if (data.Length > 0)
        {
            h *= M;
        }

        h ^= h >> 13;
        h *= M;
        return h ^ (h >> 15);
    }

    public static int Partition(ReadOnlySpan<byte> key, int partitions) => (int)((Hash(key) & 0x7fffffff) % (uint)partitions);
}

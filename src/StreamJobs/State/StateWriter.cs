using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace StreamJobs.State;

/// <summary>Writes state as bytes, little-endian, into a buffer that grows.</summary>
public sealed class StateWriter
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(4096);

    /// <summary>How many bytes were written.</summary>
    public int Length { get; private set; }

    /// <summary>What was written.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    /// <summary>A copy of what was written; the writer begins anew.</summary>
    public byte[] Take()
    {
        var taken = Written.ToArray();
        Length = 0;
        return taken;
    }

    /// <summary>The writer begins anew.</summary>
    public void Clear() => Length = 0;

    /// <summary>A number that takes fewer bytes the nearer it is to 0.</summary>
    public void Varint(long value)
    {
        var bits = (ulong)((value << 1) ^ (value >> 63));
        var span = Reserve(10);
        var at = 0;
        for (; bits >= 0x80; bits >>= 7)
            span[at++] = (byte)(bits | 0x80);
        span[at++] = (byte)bits;
        Length += at;
    }

    /// <summary>Text, or null.</summary>
    public void Text(string? value)
    {
        if (value is null)
        {
            Varint(-1);
            return;
        }

        var count = Encoding.UTF8.GetByteCount(value);
        Varint(count);
        Encoding.UTF8.GetBytes(value, Reserve(count));
        Length += count;
    }

    /// <summary>Bytes with their length.</summary>
    public void Bytes(ReadOnlySpan<byte> value)
    {
        Varint(value.Length);
        value.CopyTo(Reserve(value.Length));
        Length += value.Length;
    }

    /// <summary>A double, exactly.</summary>
    public void Double(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(Reserve(8), value);
        Length += 8;
    }

    /// <summary>A decimal, exactly, its scale included.</summary>
    public void Decimal(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var span = Reserve(16);
        for (var i = 0; i < 4; i++)
            BinaryPrimitives.WriteInt32LittleEndian(span[(i * 4)..], bits[i]);
        Length += 16;
    }

    private Span<byte> Reserve(int count)
    {
        if (Length + count > _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Length + count, _buffer.Length * 2));
            Written.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        return _buffer.AsSpan(Length);
    }
}

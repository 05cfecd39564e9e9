using System.Buffers.Binary;
using System.Text;

namespace StreamJobs.State;

/// <summary>Reads what a <see cref="StateWriter"/> wrote.</summary>
public ref struct StateReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Whether everything was read.</summary>
    public readonly bool AtEnd => _rest.IsEmpty;

    /// <summary>See <see cref="StateWriter.Varint"/>.</summary>
    public long Varint()
    {
        ulong bits = 0;
        for (var shift = 0; ; shift += 7)
        {
            var b = Take(1)[0];
            bits |= (ulong)(b & 0x7f) << shift;
            if ((b & 0x80) == 0)
                return (long)(bits >> 1) ^ -(long)(bits & 1);
        }
    }

    /// <summary>See <see cref="StateWriter.Text"/>.</summary>
    public string? Text()
    {
        var length = (int)Varint();
        return length < 0 ? null : Encoding.UTF8.GetString(Take(length));
    }

    /// <summary>See <see cref="StateWriter.Bytes"/>.</summary>
    public ReadOnlySpan<byte> Bytes() => Take((int)Varint());

    /// <summary>See <see cref="StateWriter.Double"/>.</summary>
    public double Double() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    /// <summary>See <see cref="StateWriter.Decimal"/>.</summary>
    public decimal Decimal()
    {
        var span = Take(16);
        Span<int> bits = stackalloc int[4];
        for (var i = 0; i < 4; i++)
            bits[i] = BinaryPrimitives.ReadInt32LittleEndian(span[(i * 4)..]);
        return new decimal(bits);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > _rest.Length)
            throw new StateFormatException("a job's state ends too early: it is damaged, or another version of the job wrote it");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}

/// <summary>State that was kept cannot be read by this version of the job.</summary>
public sealed class StateFormatException(string message) : Exception(message);

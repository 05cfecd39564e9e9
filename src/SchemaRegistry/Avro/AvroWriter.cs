using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace SchemaRegistry;

/// <summary>Writes Avro's binary encoding into a buffer that grows and is used again.</summary>
internal sealed class AvroWriter
{
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    private byte[] _buffer = new byte[512];

    public int Length { get; set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    public void WriteLong(long value)
    {
        var zigzag = (ulong)((value << 1) ^ (value >> 63));
        var span = Reserve(10);
        var n = 0;
        for (; zigzag >= 0x80; zigzag >>= 7)
            span[n++] = (byte)(zigzag | 0x80);
        span[n++] = (byte)zigzag;
        Length += n;
    }

    public void WriteInt(int value) => WriteLong(value);

    public void WriteBoolean(bool value)
    {
        Reserve(1)[0] = value ? (byte)1 : (byte)0;
        Length++;
    }

    public void WriteFloat(float value)
    {
        BinaryPrimitives.WriteSingleLittleEndian(Reserve(4), value);
        Length += 4;
    }

    public void WriteDouble(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(Reserve(8), value);
        Length += 8;
    }

    public void WriteString(string value)
    {
        var length = Utf8.GetByteCount(value);
        WriteLong(length);
        Length += Utf8.GetBytes(value, Reserve(length));
    }

    public void WriteBytes(byte[] value)
    {
        WriteLong(value.Length);
        value.CopyTo(Reserve(value.Length));
        Length += value.Length;
    }

    public void WriteDecimal(decimal value, int scale)
    {
        var shifted = value * (decimal)BigInteger.Pow(10, scale);
        if (shifted != decimal.Truncate(shifted))
            throw new RecordFormatException(FormattableString.Invariant($"{value} has more than {scale} decimals"));
        WriteBytes(new BigInteger(shifted).ToByteArray(isUnsigned: false, isBigEndian: true));
    }

    public void WriteHeader(int schemaId)
    {
        WireFormat.WriteHeader(Reserve(WireFormat.HeaderLength), schemaId);
        Length += WireFormat.HeaderLength;
    }

    private Span<byte> Reserve(int count)
    {
        if (_buffer.Length - Length < count)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, Length + count));
        return _buffer.AsSpan(Length);
    }
}

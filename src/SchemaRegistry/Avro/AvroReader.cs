using System.Buffers.Binary;
using System.Buffers.Text;
using System.Numerics;
using System.Text;

namespace SchemaRegistry;

/// <summary>Reads Avro's binary encoding from a byte array. A struct that is passed by reference: reading allocates only what is kept.</summary>
internal struct AvroReader(byte[] buffer, int position, int end, StringCache? strings = null)
{
    // Bytes that are not UTF-8 would become the same replacement character: two ids could turn into one.
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);
    private static readonly BigInteger MaxUnscaled = (BigInteger)decimal.MaxValue;

    public readonly bool AtEnd => position == end;

    public readonly int Remaining => end - position;

    public long ReadLong()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var b = Next();
            value |= (ulong)(b & 0x7f) << shift;
            if ((b & 0x80) == 0)
                return (long)(value >> 1) ^ -(long)(value & 1);
        }

        throw new RecordFormatException("a number is longer than 10 bytes");
    }

    public int ReadInt() => checked((int)ReadLong());

    public bool ReadBoolean() => Next() != 0;

    public float ReadFloat() => BinaryPrimitives.ReadSingleLittleEndian(Take(4));

    public double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    public string ReadString()
    {
        var length = ReadLength();
        if (length == 0)
            return "";
        var bytes = Take(length);
        return strings is null ? Utf8.GetString(bytes) : strings.Get(bytes);
    }

    /// <summary>Reads a map's key and says which of some keys it is; -1 for another one.</summary>
    public int MatchKey(byte[][] keys)
    {
        var key = Take(ReadLength());
        for (var i = 0; i < keys.Length; i++)
        {
            if (key.SequenceEqual(keys[i]))
                return i;
        }

        return -1;
    }

    /// <summary>A number that stands as text.</summary>
    public decimal ReadDecimalText()
    {
        var text = Take(ReadLength());
        return Utf8Parser.TryParse(text, out decimal value, out var used) && used == text.Length ? value : throw NoNumber(text);
    }

    /// <inheritdoc cref="ReadDecimalText"/>
    public long ReadLongText()
    {
        var text = Take(ReadLength());
        return Utf8Parser.TryParse(text, out long value, out var used) && used == text.Length ? value : throw NoNumber(text);
    }

    public byte[] ReadBytes() => Take(ReadLength()).ToArray();

    public byte[] ReadFixed(int size) => Take(size).ToArray();

    public decimal ReadDecimal(int scale) => ToDecimal(Take(ReadLength()), scale);

    public decimal ReadFixedDecimal(int size, int scale) => ToDecimal(Take(size), scale);

    public void Skip(long bytes)
    {
        if (bytes < 0 || bytes > Remaining)
            throw Truncated();
        position += (int)bytes;
    }

    public void SkipBytes() => Skip(ReadLong());

    /// <summary>The number of items of the next block of an array or map; 0 ends it. A negative count is followed by the block's size.</summary>
    public long ReadBlockCount()
    {
        var count = ReadLong();
        if (count < 0)
        {
            ReadLong();
            count = -count;
        }

        // Every item takes a byte or more (but for records without fields, which no schema of use has).
        return count <= Remaining ? count : throw Truncated();
    }

    private int ReadLength()
    {
        var length = ReadLong();
        return length >= 0 && length <= Remaining ? (int)length : throw Truncated();
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > Remaining)
            throw Truncated();
        var span = buffer.AsSpan(position, count);
        position += count;
        return span;
    }

    private byte Next() => position < end ? buffer[position++] : throw Truncated();

    private static decimal ToDecimal(ReadOnlySpan<byte> bytes, int scale)
    {
        var unscaled = new BigInteger(bytes, isUnsigned: false, isBigEndian: true);
        if (BigInteger.Abs(unscaled) > MaxUnscaled)
            throw new RecordFormatException($"a decimal of {bytes.Length} bytes is larger than C# can hold");
        var integer = (decimal)unscaled;
        var bits = decimal.GetBits(integer);
        return new decimal(bits[0], bits[1], bits[2], integer < 0, (byte)scale);
    }

    private static FieldFormatException NoNumber(ReadOnlySpan<byte> text) =>
        new($"'{Encoding.UTF8.GetString(text[..Math.Min(text.Length, 40)])}' is no such number");

    private static RecordFormatException Truncated() => new("it ends too early");
}

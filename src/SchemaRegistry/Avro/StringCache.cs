using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace SchemaRegistry;

/// <summary>
/// Gives the same string for the same bytes, mostly: a bounded table in which a newer value takes the place of an older one, so that values which
/// recur (keys, symbols, pages) are not allocated again for each record. For one thread.
/// </summary>
internal sealed class StringCache
{
    private const int Size = 1 << 16;

    /// <summary>Longer values seldom recur.</summary>
    private const int MaxLength = 128;
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);
    private readonly (ulong Hash, string? Value)[] _entries = new (ulong, string?)[Size];

    public string Get(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxLength)
            return Utf8.GetString(bytes);
        var hash = HashOf(bytes);
        ref var entry = ref _entries[hash & (Size - 1)];
        if (entry.Value is { } value && entry.Hash == hash && Ascii.Equals(bytes, value))
            return value;
        value = Utf8.GetString(bytes);
        entry = (hash, value);
        return value;
    }

    private static ulong HashOf(ReadOnlySpan<byte> bytes)
    {
        const ulong Prime = 0x9E3779B97F4A7C15;
        var hash = (ulong)bytes.Length * Prime;
        while (bytes.Length >= 8)
        {
            hash = BitOperations.RotateLeft((hash ^ MemoryMarshal.Read<ulong>(bytes)) * Prime, 29);
            bytes = bytes[8..];
        }

        var rest = 0UL;
        for (var i = 0; i < bytes.Length; i++)
            rest |= (ulong)bytes[i] << (i * 8);
        hash = (hash ^ rest) * Prime;
        return hash ^ (hash >> 32);
    }
}

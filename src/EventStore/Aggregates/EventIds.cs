using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EventStore.Aggregates;

/// <summary>
/// How the ids and digests in the store follow from records and commands. All are functions of their input alone, so that a
/// redelivery, another process or an audit arrives at the same ones.
/// </summary>
public static class EventIds
{
    /// <summary>The namespace (RFC 9562) of every UUIDv5 here: it must never change.</summary>
    public static readonly Guid Namespace = new("5d0c1c0e-7a52-4f6b-9b0d-3c1a6e9f2b77");

    /// <summary>A record's id: its event id if that is a UUID with hyphens, else the UUIDv5 of its text.</summary>
    public static Guid OfRecord(string eventId) =>
        Guid.TryParseExact(eventId, "D", out var id) ? id : Version5(Namespace, eventId);

    /// <summary>A command's id: the UUIDv5 of its text, in the namespace that is the UUIDv5 of the stream's key.</summary>
    public static Guid OfCommand(string streamKey, string commandId) => Version5(Version5(Namespace, streamKey), commandId);

    /// <summary>The id of one of the events that a record or command gave: the first has its id, the others the UUIDv5 of their index in it.</summary>
    /// <param name="first">The record's or command's id.</param>
    /// <param name="index">0 for the first event.</param>
    public static Guid OfEvent(Guid first, int index) =>
        index == 0 ? first : Version5(first, index.ToString(CultureInfo.InvariantCulture));

    /// <summary>The first 128 bits of the SHA-256 of a record's body, as lower-case hex.</summary>
    /// <param name="payload">The value as it lay on the topic.</param>
    /// <param name="offset">The number of leading bytes to leave out.</param>
    public static string Digest(ReadOnlySpan<byte> payload, int offset)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(payload[Math.Min(offset, payload.Length)..], hash);
        return Convert.ToHexStringLower(hash[..16]);
    }

    /// <summary>The digest of a command's fingerprint; a command without one has that of the empty text.</summary>
    public static string Digest(string? fingerprint) => Digest(Encoding.UTF8.GetBytes(fingerprint ?? ""), 0);

    private static Guid Version5(Guid space, string name)
    {
        var input = new byte[16 + Encoding.UTF8.GetByteCount(name)];
        space.TryWriteBytes(input, bigEndian: true, out _);
        Encoding.UTF8.GetBytes(name, input.AsSpan(16));

        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
        SHA1.HashData(input, hash);
        var version = (ushort)((BinaryPrimitives.ReadUInt16BigEndian(hash[6..]) & 0x0FFF) | 0x5000);
        BinaryPrimitives.WriteUInt16BigEndian(hash[6..], version);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}

using System.Security.Cryptography;
using System.Text;

namespace Cli.Certificates;

/// <summary>
/// The ids that records and commands give their events, by the rules of docs/architecture.md and not by the store's code: an audit that shares the
/// code it audits shares its mistakes.
/// </summary>
internal static class RecordIds
{
    private static readonly Guid Namespace = new("5d0c1c0e-7a52-4f6b-9b0d-3c1a6e9f2b77");

    /// <summary>The id of a record's first event; null for an event id that is missing.</summary>
    public static Guid? OfRecord(string? eventId) =>
        string.IsNullOrEmpty(eventId) ? null : Guid.TryParseExact(eventId, "D", out var id) ? id : Name(Namespace, eventId);

    /// <summary>The id of one of a command's events.</summary>
    public static Guid OfCommand(string streamKey, string command, int index)
    {
        var first = Name(Name(Namespace, streamKey), command);
        return index == 0 ? first : Name(first, index.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    // RFC 9562, version 5.
    private static Guid Name(Guid space, string name)
    {
        var hash = SHA1.HashData([.. space.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name)])[..16];
        hash[6] = (byte)(hash[6] & 0x0F | 0x50);
        hash[8] = (byte)(hash[8] & 0x3F | 0x80);
        return new Guid(hash, bigEndian: true);
    }
}

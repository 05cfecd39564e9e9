using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Cli.Certificates;

/// <summary>
/// A digest of a set of traces that does not depend on their order: the sum of their SHA-256 hashes, modulo 2^256. Kafka gives records by offset and the
/// store gives traces by sequence; sorting one of them would need memory that grows with the log. A trace twice and a trace missing both show.
/// </summary>
internal sealed class TraceDigest
{
    private readonly ulong[] _sum = new ulong[4];

    /// <summary>Adds a trace; a record whose event id cannot be known has none.</summary>
    public void Add(string topic, int partition, long offset, Guid? eventId)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{topic}\n{partition}\n{offset}\n{eventId:D}");
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        var carry = 0UL;
        for (var i = 3; i >= 0; i--)
        {
            var sum = (UInt128)_sum[i] + BinaryPrimitives.ReadUInt64BigEndian(hash[(i * 8)..]) + carry;
            (_sum[i], carry) = ((ulong)sum, (ulong)(sum >> 64));
        }
    }

    public override string ToString() => string.Concat(_sum.Select(part => part.ToString("x16", CultureInfo.InvariantCulture)));
}

using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cli.Certificates;

/// <summary>
/// What an operator hands over: that every record of the offsets covered left exactly one trace, and digests of what the store then held. It can be
/// checked against the store alone, when Kafka no longer has the records.
/// </summary>
internal sealed record Certificate
{
    public const string CurrentFormat = "audit-certificate/1";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public string Format { get; init; } = CurrentFormat;

    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>False when the audit found differences; they are listed.</summary>
    public required bool Holds { get; init; }

    public required IReadOnlyList<string> Findings { get; init; }

    public required CertifiedVersions Versions { get; init; }

    /// <summary>The sums over all partitions.</summary>
    public required TraceCounts Totals { get; init; }

    public required IReadOnlyList<CertifiedPartition> Partitions { get; init; }

    public required CertifiedStore Store { get; init; }

    public required IReadOnlyList<CertifiedProjection> Projections { get; init; }

    /// <summary>The SHA-256 of everything above: shows a slip of the hand in this file. It is no signature; sign the file where that is needed.</summary>
    public string Seal { get; init; } = "";

    public Certificate Sealed() => this with { Seal = SealOf(this) };

    [JsonIgnore]
    public bool IsIntact => Seal == SealOf(this);

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <exception cref="JsonException">It is not a certificate.</exception>
    public static Certificate Parse(string json) =>
        JsonSerializer.Deserialize<Certificate>(json, Json) is { Format: CurrentFormat } certificate ? certificate
            : throw new JsonException($"The file is not of the format {CurrentFormat}.");

    private static string SealOf(Certificate certificate) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(certificate with { Seal = "" }, Json)));
}

/// <summary>What made the certificate, and of what.</summary>
internal sealed record CertifiedVersions(string Audit, string Runtime, string Postgres, int StoreSchema);

/// <summary>Records, and the traces they left: read = stored + duplicate + no event + dead-lettered.</summary>
internal sealed record TraceCounts(long Read, long Stored, long Duplicate, long NoEvent, long DeadLettered)
{
    [JsonIgnore]
    public bool AddUp => Read == Stored + Duplicate + NoEvent + DeadLettered;

    public static TraceCounts Sum(IEnumerable<TraceCounts> all) => all.Aggregate(
        new TraceCounts(0, 0, 0, 0, 0),
        (a, b) => new(a.Read + b.Read, a.Stored + b.Stored, a.Duplicate + b.Duplicate, a.NoEvent + b.NoEvent, a.DeadLettered + b.DeadLettered));
}

/// <summary>A partition of one incarnation of a topic.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Incarnation">The incarnation.</param>
/// <param name="Partition">The partition.</param>
/// <param name="From">The first offset covered.</param>
/// <param name="To">The offset after the last one covered.</param>
/// <param name="Counts">What was read, and what it left.</param>
/// <param name="Kafka">The digest of (topic, partition, offset, event id) of the records.</param>
/// <param name="Store">The same of the traces.</param>
internal sealed record CertifiedPartition(string Topic, string Incarnation, int Partition, long From, long To, TraceCounts Counts, string Kafka, string Store);

/// <summary>What the store held.</summary>
/// <param name="LastSequence">The last event covered.</param>
/// <param name="Events">How many events there are up to it.</param>
/// <param name="CommandEvents">How many of them no record caused, but a command.</param>
/// <param name="Content">The digest of the pages of events.</param>
/// <param name="Pages">The events' stored bytes in sequence order, by page: a change is found where it lies.</param>
/// <param name="LastLedgerRow">The last row of the ledger covered.</param>
/// <param name="LedgerRows">How many there are up to it.</param>
/// <param name="Ledger">The digest of their stored bytes, in order.</param>
internal sealed record CertifiedStore(
    long LastSequence, long Events, long CommandEvents, string Content, IReadOnlyList<ContentPage> Pages, long LastLedgerRow, long LedgerRows, string Ledger);

/// <summary>A page of events: those after the page before, up to a sequence number.</summary>
internal sealed record ContentPage(long To, int Events, string Digest);

/// <summary>A projection whose documents were computed again from the events.</summary>
internal sealed record CertifiedProjection(string Name, int Version, long Sequence, long Documents, long Differing);

namespace Cli.Audit;

/// <summary>A record as it lies on the topic, judged anew by this audit.</summary>
/// <param name="Offset">Its offset.</param>
/// <param name="Key">Its key, or null.</param>
/// <param name="Value">Its decoded value, or null when it is unusable.</param>
/// <param name="Fault">Why it is unusable, or null.</param>
/// <param name="EventId">The id that its first event must have; null when it cannot be read.</param>
/// <param name="Digest">The digest of its body.</param>
internal sealed record AuditedRecord(long Offset, string? Key, object? Value, string? Fault, Guid? EventId, string Digest)
{
    public bool IsGood => Fault is null;
}

/// <summary>An event as the store holds it.</summary>
internal sealed record AuditedEvent(
    string StreamKey, long Version, Guid Id, string Type, string Data, EventStore.Appending.EventSource? Source);

/// <summary>A ledger row of a partition.</summary>
internal sealed record AuditedLedgerRow(long Offset, Guid EventId, string StreamKey, int Outcome, string Digest, bool FirstExists, bool Reprocessed);

/// <summary>A dead letter of a partition.</summary>
internal sealed record AuditedDeadLetter(long Offset, int Kind, int Status, string Consumer, byte[]? Payload);

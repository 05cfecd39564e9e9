namespace Producer.Generation;

/// <summary>What a record is, for the summary.</summary>
internal enum RecordKind
{
    UserEvent,
    Transaction,
    Duplicate,
    NotAvro,
    UnknownSchema,
    Truncated,
    NoKey,
    From2090,
}

/// <summary>A record ready to be sent.</summary>
internal readonly record struct Outgoing(string Topic, string? Key, byte[] Value, RecordKind Kind)
{
    /// <summary>True for one of the run's own records, false for one that was injected.</summary>
    public bool IsPlain => Kind is RecordKind.UserEvent or RecordKind.Transaction;
}

namespace EventStore.Aggregates;

/// <summary>A command's identity. The same id with the same fingerprint has one effect, however often it is sent.</summary>
/// <param name="Value">The caller's id, for example an Idempotency-Key.</param>
/// <param name="Fingerprint">A digest of what the command says, or null: the same id with another fingerprint is a conflict.</param>
[GenerateSerializer, Immutable]
public sealed record CommandId([property: Id(0)] string Value, [property: Id(1)] string? Fingerprint = null)
{
    /// <summary>A new, random id: for callers that do not retry.</summary>
    public static CommandId New() => new(Guid.NewGuid().ToString());
}

/// <summary>How a command ended.</summary>
public enum ReceiptOutcome
{
    /// <summary>Its events are stored.</summary>
    Accepted = 1,

    /// <summary>Nothing to do.</summary>
    Ignored = 2,

    /// <summary>The aggregate refused; see the reason.</summary>
    Rejected = 3,

    /// <summary>The id was used before for something else.</summary>
    Conflict = 4,
}

/// <summary>The durable answer to a command: it is given after the commit.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Version">The stream's version after the command (that of its last event when it is a repetition).</param>
/// <param name="Reason">Why not, or null.</param>
/// <param name="Repeated">True when the command had been answered before, and this is that answer.</param>
[GenerateSerializer, Immutable]
public sealed record Receipt(
    [property: Id(0)] ReceiptOutcome Outcome, [property: Id(1)] long Version, [property: Id(2)] string? Reason = null,
    [property: Id(3)] bool Repeated = false);

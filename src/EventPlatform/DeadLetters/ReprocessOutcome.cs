namespace EventPlatform.DeadLetters;

/// <summary>What an operator changed in a dead letter's record; null leaves a part as it was.</summary>
/// <param name="Key">The key.</param>
/// <param name="Payload">The value, as it would lie on the topic.</param>
public sealed record MendedRecord(string? Key, byte[]? Payload);

/// <summary>How sending a dead letter again ended.</summary>
public enum ReprocessResult
{
    /// <summary>The record reached its stream.</summary>
    Done,

    /// <summary>There is no such dead letter.</summary>
    NotFound,

    /// <summary>It was reprocessed or discarded before.</summary>
    NotOpen,

    /// <summary>The record still cannot be applied; the dead letter stays open.</summary>
    StillBad,
}

/// <summary>How sending a dead letter again ended, and why.</summary>
/// <param name="Result">How.</param>
/// <param name="Reason">Why, for a person, or null.</param>
public sealed record ReprocessOutcome(ReprocessResult Result, string? Reason);

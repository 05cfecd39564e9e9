namespace StreamJobs;

/// <summary>
/// A record on its way to a join, or a mark: <c>schemas/join_input.avsc</c> in C#. A mark says how far a partition of a source has come, to partitions that get no record of it.
/// </summary>
public sealed record JoinInput
{
    /// <summary>Which of the join's topics it comes from.</summary>
    public required JoinSide Side { get; init; }

    /// <summary>The partition there.</summary>
    public required int SourcePartition { get; init; }

    /// <summary>The topic's incarnation there; empty in a mark.</summary>
    public string Incarnation { get; init; } = "";

    /// <summary>The record's offset there; 0 in a mark.</summary>
    public long SourceOffset { get; init; }

    /// <summary>Its place among what the record has become: 0 unless that is several.</summary>
    public int Part { get; init; }

    /// <summary>The source partition's watermark before the record, in Unix milliseconds; null when it is the first one. The largest number when there comes no other record.</summary>
    public long? Watermark { get; init; }

    /// <summary>The key that is joined by; null in a mark.</summary>
    public string? Key { get; init; }

    /// <summary>When the record happened, in Unix milliseconds; null in a mark.</summary>
    public long? Timestamp { get; init; }

    /// <summary>What the job's steps have made of the record, as JSON; null in a mark.</summary>
    public string? Value { get; init; }
}

/// <summary>The topics that a join reads.</summary>
public enum JoinSide
{
    /// <summary>The one that the job begins with.</summary>
    Left,

    /// <summary>The other.</summary>
    Right,
}

namespace EventStore.Appending;

/// <summary>Finds, before the database is asked, what it would refuse or what no caller may send.</summary>
internal static class AppendCheck
{
    /// <summary>The longest stream key, in characters: it is part of several index entries, which have a limit.</summary>
    public const int MaxKeyLength = 250;

    /// <summary>Why this append can never be stored, or null.</summary>
    public static string? Refusal(StreamAppend append)
    {
        if (append.StreamKey.Length is 0 or > MaxKeyLength)
            return $"The stream key has {append.StreamKey.Length} characters; it must have 1 to {MaxKeyLength}.";
        if (!StorableText.IsStorable(append.StreamKey))
            return "The stream key holds the character U+0000 or half a surrogate pair, which Postgres cannot store.";
        if (FirstRepeated(NewIds(append)) is { } id)
            return $"The append uses the event id {id} twice; an id has one event.";
        var partitions = append.Positions.Select(p => (p.Topic, p.Incarnation, p.Partition)).ToHashSet();
        if (partitions.Count != append.Positions.Count)
            return "The append moves the position of one partition twice; give only the last.";
        return null;
    }

    /// <summary>The ids that this append would be the first to use: a duplicate's ledger entry carries the id of another.</summary>
    public static IEnumerable<Guid> NewIds(StreamAppend append) => append.Events.Select(e => e.Id)
        .Concat(append.Ledger.Where(entry => entry.Outcome != LedgerOutcome.Duplicate).Select(entry => entry.EventId));

    private static Guid? FirstRepeated(IEnumerable<Guid> ids)
    {
        var seen = new HashSet<Guid>();
        foreach (var id in ids)
            if (!seen.Add(id))
                return id;
        return null;
    }
}

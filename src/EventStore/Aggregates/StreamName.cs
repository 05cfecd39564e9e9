using System.Text;
using EventStore.Appending;
using EventStore.DeadLetters;

namespace EventStore.Aggregates;

/// <summary>An aggregate's stream: its key in the store, and what is wrong with the grain's key if it cannot be one.</summary>
internal sealed record StreamName(string AggregateName, string Key, string StreamKey, RecordFault? Fault)
{
    public static StreamName Of(string aggregateName, string key)
    {
        var streamKey = $"{aggregateName}/{key}";
        var reason = streamKey.Length > AppendCheck.MaxKeyLength ? $"Its key makes a stream key of {streamKey.Length} characters; {AppendCheck.MaxKeyLength} is the most."
            : key.Length == 0 ? "Its key is empty."
            : !StorableText.IsStorable(key) ? "Its key holds a NUL character or half a surrogate pair, which Postgres cannot store."
            : null;
        if (reason is null)
            return new(aggregateName, key, streamKey, null);

        // The records of such a key become dead letters, and their positions need a stream to be kept under: one named by a digest.
        var standIn = $"{aggregateName}/~{EventIds.Digest(Encoding.Unicode.GetBytes(key), 0)}";
        return new(aggregateName, key, standIn, new RecordFault(DeadLetterKind.Invalid, reason));
    }
}

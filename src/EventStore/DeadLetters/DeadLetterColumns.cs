using EventStore.Aggregates;
using EventStore.Appending;
using Npgsql;
using NpgsqlTypes;

namespace EventStore.DeadLetters;

/// <summary>Dead letters as arrays, one per column. A dead letter is never refused: text that Postgres cannot store is mended.</summary>
internal static class DeadLetterColumns
{
    // An index entry takes 2,700 bytes, and a character up to 3.
    private const int MaxEventIdLength = 500;

    /// <summary>
    /// An event id as its column has it: one that is too long for the index, or that Postgres cannot store, as the UUID that it stands for everywhere else.
    /// The payload still says it.
    /// </summary>
    public static string? IndexedEventId(string? eventId) =>
        eventId is null || (eventId.Length <= MaxEventIdLength && StorableText.IsStorable(eventId)) ? eventId : EventIds.OfRecord(eventId).ToString();

    public static void Add(IReadOnlyList<DeadLetter> letters, NpgsqlParameterCollection parameters)
    {
        Add(d => StorableText.Mend(d.Record.Topic), NpgsqlDbType.Text);
        Add(d => StorableText.Mend(d.Record.Incarnation), NpgsqlDbType.Text);
        Add(d => d.Record.Partition, NpgsqlDbType.Integer);
        Add(d => d.Record.Offset, NpgsqlDbType.Bigint);
        Add(d => StorableText.Mend(d.Consumer), NpgsqlDbType.Text);
        Add(d => (short)d.Kind, NpgsqlDbType.Smallint);
        Add(d => StorableText.Mend(d.Reason), NpgsqlDbType.Text);
        Add(d => StorableText.Mend(d.Exception), NpgsqlDbType.Text);
        Add(d => StorableText.Mend(d.Key), NpgsqlDbType.Text);
        Add(d => IndexedEventId(d.EventId), NpgsqlDbType.Text);
        Add(d => d.SchemaId, NpgsqlDbType.Integer);
        Add(d => d.Payload, NpgsqlDbType.Bytea);
        Add(d => d.Timestamp.ToUniversalTime(), NpgsqlDbType.TimestampTz);

        void Add<T>(Func<DeadLetter, T> column, NpgsqlDbType type) =>
            parameters.Add(new NpgsqlParameter { Value = letters.Select(column).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type });
    }
}

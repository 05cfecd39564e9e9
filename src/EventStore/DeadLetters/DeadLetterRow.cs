using Npgsql;

namespace EventStore.DeadLetters;

/// <summary>How a row becomes a <see cref="StoredDeadLetter"/>.</summary>
internal static class DeadLetterRow
{
    public const string Columns = "id, topic, incarnation, partition, record_offset, consumer, kind, reason, exception, key, event_id, "
        + "schema_id, payload, record_timestamp, status, created_at, changed_at";

    public static StoredDeadLetter Read(NpgsqlDataReader row) => new(
        row.GetInt64(0),
        new DeadLetter(
            new RecordCoordinates(row.GetString(1), row.GetString(2), row.GetInt32(3), row.GetInt64(4)), row.GetString(5),
            Key: Text(row, 9), SchemaId: row.IsDBNull(11) ? null : row.GetInt32(11), Reason: row.GetString(7),
            Kind: (DeadLetterKind)row.GetInt16(6), Exception: Text(row, 8),
            Payload: row.IsDBNull(12) ? null : row.GetFieldValue<byte[]>(12), EventId: Text(row, 10),
            Timestamp: row.GetFieldValue<DateTimeOffset>(13)),
        (DeadLetterStatus)row.GetInt16(14), row.GetFieldValue<DateTimeOffset>(15), row.GetFieldValue<DateTimeOffset>(16));

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}

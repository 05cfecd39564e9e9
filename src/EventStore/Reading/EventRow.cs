using EventStore.Appending;
using Npgsql;

namespace EventStore.Reading;

/// <summary>How a row of mt_events becomes a <see cref="StoredEvent"/>.</summary>
internal static class EventRow
{
    /// <summary>The columns, in the order that <see cref="Read"/> takes them.</summary>
    public static string Columns(string alias) => $"{ColumnsBeforeSource(alias)}, {alias}.headers::text";

    /// <summary>The columns for a reader that doesn't ask for the source.</summary>
    public static string ColumnsWithoutSource(string alias) => $"{ColumnsBeforeSource(alias)}, null::text";

    private static string ColumnsBeforeSource(string alias) => string.Join(", ",
        new[] { "seq_id", "id", "stream_id", "version", "type", "data::text", "timestamp" }.Select(column => $"{alias}.{column}"));

    /// <summary>Reads the columns from <paramref name="first"/> on.</summary>
    public static StoredEvent Read(NpgsqlDataReader reader, int first = 0) => new(
        reader.GetInt64(first), reader.GetGuid(first + 1), reader.GetString(first + 2), reader.GetInt64(first + 3), reader.GetString(first + 4),
        reader.GetString(first + 5), reader.GetFieldValue<DateTimeOffset>(first + 6),
        reader.IsDBNull(first + 7) ? null : EventHeaders.Read(reader.GetString(first + 7)));
}

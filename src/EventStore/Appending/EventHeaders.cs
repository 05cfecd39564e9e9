using System.Buffers;
using System.Text.Json;

namespace EventStore.Appending;

/// <summary>
/// How an <see cref="EventSource"/> is stored: as the headers of its event, and as the source of a ledger row. The one place that knows
/// the names; they are part of the stored data, and the ledger's columns are derived from them.
/// </summary>
public static class EventHeaders
{
    // One per thread: for each event a new one would be a quarter of all that an intake allocates.
    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json)? _scratch;

    /// <summary>Writes a source as a JSON object in UTF-8; what is absent, false or 0 is left out.</summary>
    public static byte[] Write(EventSource source)
    {
        var (buffer, json) = _scratch ??= Scratch();
        try
        {
            json.WriteStartObject();
            if (source.Record is { } record)
            {
                json.WriteString("topic"u8, record.Topic);
                json.WriteString("incarnation"u8, record.Incarnation);
                json.WriteNumber("partition"u8, record.Partition);
                json.WriteNumber("offset"u8, record.Offset);
            }

            if (source.CommandId is not null)
                json.WriteString("command"u8, source.CommandId);
            json.WriteString("digest"u8, source.Digest);
            if (source.Index != 0)
                json.WriteNumber("index"u8, source.Index);
            if (source.Reprocessed)
                json.WriteBoolean("reprocessed"u8, true);
            if (source.TraceParent is not null)
                json.WriteString("traceparent"u8, source.TraceParent);
            json.WriteEndObject();
            json.Flush();
            return buffer.WrittenSpan.ToArray();
        }
        finally
        {
            buffer.ResetWrittenCount();
            json.Reset();
        }
    }

    /// <summary>Reads a source back, or null when these headers are not ours: the event was written by something else.</summary>
    public static EventSource? Read(string? headers)
    {
        if (headers is null)
            return null;
        using var json = JsonDocument.Parse(headers);
        return Read(json.RootElement);
    }

    /// <summary>Reads a source back, or null when these headers are not ours.</summary>
    public static EventSource? Read(JsonElement headers)
    {
        if (headers.ValueKind != JsonValueKind.Object || Text(headers, "digest") is not { } digest)
            return null;
        RecordCoordinates? record = Text(headers, "topic") is { } topic
            ? new RecordCoordinates(topic, Text(headers, "incarnation") ?? "", (int)Number(headers, "partition"), Number(headers, "offset"))
            : null;
        return new EventSource(record, Text(headers, "command"), digest, (int)Number(headers, "index"),
            headers.TryGetProperty("reprocessed", out var reprocessed) && reprocessed.ValueKind == JsonValueKind.True,
            Text(headers, "traceparent"));
    }

    private static (ArrayBufferWriter<byte>, Utf8JsonWriter) Scratch()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        return (buffer, new Utf8JsonWriter(buffer));
    }

    private static string? Text(JsonElement headers, string name) =>
        headers.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long Number(JsonElement headers, string name) =>
        headers.TryGetProperty(name, out var value) && value.TryGetInt64(out var number) ? number : 0;
}

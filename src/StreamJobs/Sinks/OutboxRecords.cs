using System.Text;
using StreamJobs.Engine;
using StreamJobs.State;

namespace StreamJobs.Sinks;

/// <summary>Records on their way to a topic, as the bytes that the outbox keeps.</summary>
internal static class OutboxRecords
{
    public static byte[] Write(IEnumerable<ResultRecord> records)
    {
        var writer = new StateWriter();
        foreach (var (_, key, value, toAll) in records)
        {
            writer.Text(key);
            writer.Varint(value is null ? 0 : toAll ? 2 : 1);
            if (value is not null)
                writer.Bytes(value);
        }

        return writer.Take();
    }

    public static List<(byte[] Key, byte[]? Value, bool ToAll)> Read(ReadOnlySpan<byte> data)
    {
        var reader = new StateReader(data);
        var records = new List<(byte[], byte[]?, bool)>();
        while (!reader.AtEnd)
        {
            var key = Encoding.UTF8.GetBytes(reader.Text()!);
            var kind = reader.Varint();
            records.Add((key, kind == 0 ? null : reader.Bytes().ToArray(), kind == 2));
        }

        return records;
    }
}

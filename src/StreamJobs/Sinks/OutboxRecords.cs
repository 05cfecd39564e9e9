using System.Text;
using StreamJobs.State;

namespace StreamJobs.Sinks;

/// <summary>Records on their way to a topic, as the bytes that the outbox keeps.</summary>
internal static class OutboxRecords
{
    public static byte[] Write(IEnumerable<(string Key, byte[]? Value)> records)
    {
        var writer = new StateWriter();
        foreach (var (key, value) in records)
        {
            writer.Text(key);
            writer.Varint(value is null ? 0 : 1);
            if (value is not null)
                writer.Bytes(value);
        }

        return writer.Take();
    }

    public static List<(byte[] Key, byte[]? Value)> Read(ReadOnlySpan<byte> data)
    {
        var reader = new StateReader(data);
        var records = new List<(byte[], byte[]?)>();
        while (!reader.AtEnd)
        {
            var key = Encoding.UTF8.GetBytes(reader.Text()!);
            records.Add((key, reader.Varint() == 0 ? null : reader.Bytes().ToArray()));
        }

        return records;
    }
}

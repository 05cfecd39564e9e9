using Orleans.Streams.Kafka;
using StreamJobs.Running;

namespace EventPlatform.Jobs;

/// <summary>A fetched chunk, as jobs see it.</summary>
internal sealed class JobChunk(KafkaChunk chunk) : IJobChunk
{
    public string Incarnation => chunk.Incarnation;

    public long StartOffset => chunk.StartOffset;

    public long NextOffset => chunk.NextOffset;

    public long? GapFrom => chunk.GapFrom;

    public int Count => chunk.Count;

    public long OffsetAt(int index) => chunk[index].Offset;

    public long TimestampAt(int index) => chunk[index].TimestampMs;

    // Partitioners spread records with an empty key as those without one.
    public bool HasKeyAt(int index) => chunk[index].Key.Length > 0;

    public string? KeyAt(int index) => chunk[index].KeyText;

    public ReadOnlyMemory<byte> ValueAt(int index) => chunk.ValueAt(index);
}

namespace StreamJobs.Running;

/// <summary>Records of a partition, as they were fetched.</summary>
public interface IJobChunk
{
    /// <summary>The topic's incarnation: another one is another log.</summary>
    string Incarnation { get; }

    /// <summary>The position before the chunk.</summary>
    long StartOffset { get; }

    /// <summary>The position behind it.</summary>
    long NextOffset { get; }

    /// <summary>When records before the chunk are no more: from which position on nothing comes up to <see cref="StartOffset"/>. Null otherwise.</summary>
    long? GapFrom { get; }

    /// <summary>How many records there are.</summary>
    int Count { get; }

    /// <summary>A record's offset.</summary>
    long OffsetAt(int index);

    /// <summary>When Kafka took a record, in Unix milliseconds.</summary>
    long TimestampAt(int index);

    /// <summary>Whether a record has a key, and lies on its partition because of it; an empty one is none.</summary>
    bool HasKeyAt(int index);

    /// <summary>A record's key as text, or null.</summary>
    string? KeyAt(int index);

    /// <summary>A record's value; empty for a tombstone.</summary>
    ReadOnlyMemory<byte> ValueAt(int index);
}

/// <summary>Makes readers of records.</summary>
public interface IJobRecordReaders
{
    /// <summary>A reader for one partition; it is used by one thread at a time.</summary>
    IJobRecordReader<T> Create<T>();
}

/// <summary>Reads records' values.</summary>
/// <typeparam name="T">What they are read as.</typeparam>
public interface IJobRecordReader<T>
{
    /// <summary>Reads a value.</summary>
    /// <returns>False when something must be loaded first: see <see cref="LoadAsync"/>.</returns>
    /// <exception cref="FormatException">The value cannot be read.</exception>
    bool TryRead(ReadOnlyMemory<byte> value, out T record);

    /// <summary>Loads what a value needs to be read, its schema.</summary>
    /// <exception cref="FormatException">The value cannot be read.</exception>
    ValueTask LoadAsync(ReadOnlyMemory<byte> value, CancellationToken cancellationToken);
}

/// <summary>Writes results as records of topics.</summary>
public interface IJobRecordEncoder
{
    /// <summary>The most bytes that a record's key and value may have together: Kafka's client refuses a larger one, each time it is sent.</summary>
    int MaxBytes { get; }

    /// <summary>Makes ready for a topic's records: registers their schema.</summary>
    ValueTask PrepareAsync(string topic, Type recordType, CancellationToken cancellationToken);

    /// <summary>A record's value.</summary>
    byte[] Encode(string topic, Type recordType, object record);
}

/// <summary>Takes records that a job could not use.</summary>
public interface IJobFaults
{
    /// <summary>Keeps a record. It is called before the position passes the record, and again when that failed: the same record is kept once.</summary>
    ValueTask AddAsync(JobFault fault, CancellationToken cancellationToken);
}

/// <summary>A record that a job could not use.</summary>
/// <param name="Job">The job whose code threw, or null when the record cannot be read for any.</param>
/// <param name="Topic">The record's topic, by its logical name.</param>
/// <param name="Incarnation">The topic's incarnation.</param>
/// <param name="Partition">The record's partition.</param>
/// <param name="Offset">Its offset.</param>
/// <param name="TimestampMs">When Kafka took it, in Unix milliseconds.</param>
/// <param name="Key">Its key as text, or null.</param>
/// <param name="Value">Its value; null when it is empty or a tombstone.</param>
/// <param name="Error">What was thrown.</param>
public sealed record JobFault(
    string? Job, string Topic, string Incarnation, int Partition, long Offset, long TimestampMs, string? Key, byte[]? Value, Exception Error);

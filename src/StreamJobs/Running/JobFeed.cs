using StreamJobs.Engine;

namespace StreamJobs.Running;

/// <summary>The jobs of a partition that read its records as the same type: a chunk is read once for all of them.</summary>
internal abstract class JobFeed
{
    public List<PartitionJob> Jobs { get; } = [];

    /// <summary>Reads a chunk's records; those that cannot be read are named, and left out.</summary>
    public abstract ValueTask ReadAsync(IJobChunk chunk, List<(int Index, Exception Error)> unreadable, CancellationToken cancellationToken);

    /// <summary>Gives what was read to a job.</summary>
    public abstract void Process(PartitionJob job, long nextOffset);

    public static JobFeed Create(Type recordType, IJobRecordReaders readers) =>
        (JobFeed)Activator.CreateInstance(typeof(JobFeed<>).MakeGenericType(recordType), readers)!;
}

/// <inheritdoc/>
internal sealed class JobFeed<T>(IJobRecordReaders readers) : JobFeed
{
    private readonly IJobRecordReader<T> _reader = readers.Create<T>();
    private T[] _records = new T[256];
    private RecordPlace[] _places = new RecordPlace[256];
    private int _count;

    public override async ValueTask ReadAsync(IJobChunk chunk, List<(int Index, Exception Error)> unreadable, CancellationToken cancellationToken)
    {
        if (_records.Length < chunk.Count)
            (_records, _places) = (new T[chunk.Count], new RecordPlace[chunk.Count]);
        _count = 0;
        for (var i = 0; (i = ReadOn(chunk, i, unreadable)) < chunk.Count;)
        {
            try
            {
                await _reader.LoadAsync(chunk.ValueAt(i), cancellationToken);
            }
            catch (FormatException e)
            {
                unreadable.Add((i++, e));
            }
        }
    }

    public override void Process(PartitionJob job, long nextOffset) =>
        ((PartitionJob<T>)job).Process(_records.AsSpan(0, _count), _places.AsSpan(0, _count), nextOffset);

    /// <summary>Reads up to the first record that needs something loaded; returns its index.</summary>
    private int ReadOn(IJobChunk chunk, int i, List<(int Index, Exception Error)> unreadable)
    {
        for (; i < chunk.Count; i++)
        {
            try
            {
                if (!_reader.TryRead(chunk.ValueAt(i), out _records[_count]))
                    return i;
                _places[_count++] = new(chunk.OffsetAt(i), chunk.TimestampAt(i), i, chunk.HasKeyAt(i));
            }
            catch (FormatException e)
            {
                unreadable.Add((i, e));
            }
        }

        return i;
    }
}

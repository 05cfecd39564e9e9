using StreamJobs.Engine;
using StreamJobs.Sinks;

namespace StreamJobs.Running;

/// <summary>A partition's records that a job could not use, or that came too late for it, until the checkpoint that passes them keeps them.</summary>
internal sealed class RecordsAside(string topic, int partition, int maxBytes)
{
    /// <summary>Records that could not be used and wait to be kept; past it no more are taken.</summary>
    private const int MaxFaults = 10_000;
    private readonly List<JobFault> _faults = [];
    private readonly List<(string Topic, byte[] Data)> _late = [];

    public bool IsEmpty => _faults.Count == 0 && _late.Count == 0;

    public bool IsFull => _faults.Count >= MaxFaults;

    /// <summary>Takes a record that can be read for no job.</summary>
    public void AddUnreadable(IJobChunk chunk, int index, Exception error) => Add(null, chunk, index, error);

    /// <summary>Takes what a job could not use, or set aside, of a chunk.</summary>
    public void Add(PartitionJob job, IJobChunk chunk)
    {
        foreach (var (index, error) in job.Faults)
            Add(job.Definition.Name, chunk, index, error);
        if (job.Definition.LateTopic is { } lateTopic && job.Late.Count > 0)
            AddLate(job, lateTopic, chunk);
    }

    /// <summary>What a job threw.</summary>
    public IEnumerable<JobFault> FaultsOf(string job) => _faults.Where(f => f.Job == job);

    /// <summary>Gives away all of it.</summary>
    public (JobFault[] Faults, (string Topic, byte[] Data)[] Late) Take()
    {
        var all = (_faults.ToArray(), _late.ToArray());
        _faults.Clear();
        _late.Clear();
        return all;
    }

    private void AddLate(PartitionJob job, string lateTopic, IJobChunk chunk)
    {
        var late = new List<ResultRecord>();
        foreach (var index in job.Late)
        {
            try
            {
                late.Add(new ResultRecord(lateTopic, $"{job.Definition.Name}|{partition}|{chunk.OffsetAt(index)}", chunk.ValueAt(index).ToArray()).OfAtMost(maxBytes));
            }
            catch (FormatException e)
            {
                Add(job.Definition.Name, chunk, index, e); // another program's record, larger than ours may be
            }
        }

        if (late.Count > 0)
            _late.Add((lateTopic, OutboxRecords.Write(late)));
    }

    private void Add(string? job, IJobChunk chunk, int index, Exception error) => _faults.Add(new(
        job, topic, chunk.Incarnation, partition, chunk.OffsetAt(index), chunk.TimestampAt(index), chunk.KeyAt(index),
        chunk.ValueAt(index) is { IsEmpty: false } value ? value.ToArray() : null, error));
}

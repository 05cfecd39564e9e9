using StreamJobs.Engine;
using StreamJobs.State;

namespace StreamJobs.Testing;

/// <summary>A job on one partition, whose state is kept in memory as a checkpoint keeps it.</summary>
internal sealed class HarnessPartition<TSource>(PartitionJob<TSource> job)
{
    private readonly Dictionary<(long Pane, int Group), byte[]> _state = [];

    public PartitionJob<TSource> Job { get; private set; } = job;

    public DateTimeOffset? Clock { get; set; }

    public Dictionary<long, GivenPart> Parts { get; } = [];

    /// <summary>Keeps a part of a merged job's slice, as the table of parts does.</summary>
    public void Give(long slice, byte[] data) =>
        Parts[slice] = new(data, IsMerged: false, Parts.GetValueOrDefault(slice) is { } former ? former.Known : null);

    /// <summary>Gives the job its next record.</summary>
    public void Take(TSource record)
    {
        var place = new RecordPlace(Job.Position, Clock?.ToUnixTimeMilliseconds() ?? long.MaxValue, 0, HasKey: true);
        Job.Process([record], [place], place.Offset + 1);
    }

    public void Checkpoint()
    {
        var changes = new List<StateBlob>();
        Job.TakeChanges(changes);
        foreach (var (pane, group, data) in changes)
        {
            if (data is not null)
                _state[(pane, group)] = data;
            else if (group >= 0)
                _state.Remove((pane, group));
            else
                foreach (var key in _state.Keys.Where(k => k.Pane == pane).ToArray())
                    _state.Remove(key);
        }
    }

    /// <summary>Goes on with a fresh job that takes back what was kept.</summary>
    public void Restart(PartitionJob<TSource> fresh)
    {
        (fresh.Position, fresh.MaxTimestamp, fresh.IsDrained) = (Job.Position, Job.MaxTimestamp, Job.IsDrained);
        fresh.Restore(_state.Select(s => new StateBlob(s.Key.Pane, s.Key.Group, s.Value)));
        Job = fresh;
    }
}

/// <summary>A part as it is kept.</summary>
/// <param name="Data">What the partition gave last.</param>
/// <param name="IsMerged">Whether closed windows hold it.</param>
/// <param name="MergedData">What closed windows hold of it, where it was given again since.</param>
internal sealed record GivenPart(byte[] Data, bool IsMerged, byte[]? MergedData)
{
    /// <summary>What closed windows hold of it.</summary>
    public byte[]? Known => IsMerged ? Data : MergedData;
}

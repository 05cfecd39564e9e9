using StreamJobs.Running;
using StreamJobs.State;

namespace StreamJobs.Engine;

/// <summary>
/// Hands a source partition's records on to a join, each with what the join must know of it, and from time to time a mark of how far the partition has come: a partition of
/// the join's topic that none of its records go to must know too what it can forget.
/// </summary>
internal sealed class JoinFeed<T>(string topic, JoinSide side, int partition, long lateness, IJobRecordEncoder encoder, JobOutput output) : IWindows<T, JoinInput>
{
    /// <summary>How far the watermark moves from one mark to the next.</summary>
    private const long MarkEvery = 1000;

    private long _watermark = long.MinValue;
    private long? _marked;
    private string _incarnation = "";
    private long _offset;
    private int _part;

    public long NextDeadline => _marked is { } marked && marked < long.MaxValue ? marked + MarkEvery : long.MinValue;

    public long Keys => 0;

    /// <summary>Says where the record stood that comes next, or whose parts do.</summary>
    public void Begin(string incarnation, long offset) => (_incarnation, _offset, _part) = (incarnation, offset, 0);

    public bool Add(string key, long timestamp, in T record, long watermark)
    {
        // Everything before the watermark was seen: a record at it is in time.
        if (timestamp + lateness < watermark)
            return false;
        var input = new JoinInput
        {
            Side = side,
            SourcePartition = partition,
            Incarnation = _incarnation,
            SourceOffset = _offset,
            Part = _part,
            Watermark = watermark == long.MinValue ? null : watermark,
            Key = key,
            Timestamp = timestamp,
            Value = JoinValue.Write(record),
        };
        output.Records.Add(new ResultRecord(topic, key, encoder.Encode(topic, typeof(JoinInput), input)).OfAtMost(encoder.MaxBytes));
        _part++;
        return true;
    }

    public void Advance(long watermark) => _watermark = watermark;

    public void TakeChanges(List<StateBlob> changes)
    {
        if (_watermark == long.MinValue || _watermark == _marked || (_marked is not null && _watermark < NextDeadline))
            return;
        _marked = _watermark;
        var mark = new JoinInput { Side = side, SourcePartition = partition, Watermark = _watermark };
        output.Records.Add(new(topic, $"{side}/{partition}", encoder.Encode(topic, typeof(JoinInput), mark), ToAll: true));
    }

    /// <summary>Nothing was kept but the watermark, which is marked again: a mark says no more the second time.</summary>
    public void Restore(IEnumerable<StateBlob> blobs, long watermark, long finalUpTo) => _watermark = watermark;

    public IEnumerable<WindowResult<JoinInput>> Open(long watermark, string? key) => [];
}

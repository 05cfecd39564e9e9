using StreamJobs.State;

namespace StreamJobs.Engine;

/// <summary>
/// A join on one partition of its topic. Which records are late was judged where they came from, so every pair of what comes here counts, in whatever order; watermarks only tell
/// what can be forgotten.
/// </summary>
internal sealed class JoinPartitionJob<TLeft, TRight, TResult>(
    Job definition, JoinBounds bounds, (string Left, string Right) topics, Func<TLeft, TRight, TResult> result, Func<string, int?> partitionsOf, JobOutput<TResult> output)
    : PartitionJob<JoinInput>
{
    private const long RecordsPane = 0;
    private const long SourcesPane = 1;
    private readonly JoinSources _sources = new();
    private readonly JoinRecords _records = new(RecordsPane, bounds);

    public override Job Definition => definition;

    /// <summary>The smallest of all source partitions: no pair comes any more that ends so early, unless it is within the lateness.</summary>
    public override long Watermark =>
        IsDrained ? long.MaxValue : Math.Min(_sources.WatermarkOf(JoinSide.Left), _sources.WatermarkOf(JoinSide.Right));

    public override long Keys => _records.Keys;

    public override long Size => _records.Count;

    public override bool HasDue => false;

    public override IEnumerable<string> WaitsFor =>
        _sources.Silent(JoinSide.Left).Select(p => $"{topics.Left}/{p}").Concat(_sources.Silent(JoinSide.Right).Select(p => $"{topics.Right}/{p}"));

    public override JobOutput Output => output;

    public override void TakeBackTime(long maxTimestamp, long watermark, long finalUpTo) => MaxTimestamp = maxTimestamp; // time is what its sources say

    public override void Process(ReadOnlySpan<JoinInput> records, ReadOnlySpan<RecordPlace> places, long nextOffset)
    {
        Faults.Clear();
        Late.Clear();
        if (IsDrained || nextOffset <= Position)
            return;
        for (var i = 0; i < records.Length; i++)
        {
            if (places[i].Offset >= Position)
                TakeOne(records[i], places[i].Index);
        }

        Position = nextOffset;
        Release();
    }

    public override void Drain()
    {
        IsDrained = true;
        _records.Release(JoinSide.Left, long.MaxValue);
        _records.Release(JoinSide.Right, long.MaxValue);
    }

    public override bool Tick(DateTimeOffset now)
    {
        // Whoever is not asked here is not heard of: nothing may be forgotten before it is known of whom to hear.
        var isNews = _sources.Expect(JoinSide.Left, partitionsOf(topics.Left)) | _sources.Expect(JoinSide.Right, partitionsOf(topics.Right));
        if (isNews)
            Release();
        return isNews;
    }

    public override void TakeChanges(List<StateBlob> changes)
    {
        _records.TakeChanges(changes);
        if (_sources.IsDirty)
            changes.Add(new(SourcesPane, 0, _sources.Write()));
    }

    public override void Restore(IEnumerable<StateBlob> blobs)
    {
        var kept = blobs.ToLookup(b => b.Pane);
        foreach (var sources in kept[SourcesPane])
            _sources.Read(sources.Data);
        _records.Restore(kept[RecordsPane]);
    }

    public override IEnumerable<ResultRow> OpenResults(OpenQuery query) => [];

    public override IEnumerable<(long Slice, byte[] Data)> OpenSlices() => [];

    private void TakeOne(JoinInput input, int index)
    {
        if (!_sources.Take(input))
            return;
        Records++;
        try
        {
            var (key, time) = (input.Key!, input.Timestamp!.Value);
            var record = new JoinRecord(time, input.SourcePartition, input.SourceOffset, input.Part, input.Value!);
            if (input.Side == JoinSide.Left)
            {
                var left = JoinValue.Read<TLeft>(record.Value);
                foreach (var partner in _records.PartnersOf(JoinSide.Left, key, time))
                    Pair(key, record, partner, left, JoinValue.Read<TRight>(partner.Value));
            }
            else
            {
                var right = JoinValue.Read<TRight>(record.Value);
                foreach (var partner in _records.PartnersOf(JoinSide.Right, key, time))
                    Pair(key, partner, record, JoinValue.Read<TLeft>(partner.Value), right);
            }

            MaxTimestamp = Math.Max(MaxTimestamp, time);
            if (bounds.KeptUpTo(input.Side, time) >= _sources.WatermarkOf(1 - input.Side))
                _records.Add(input.Side, key, record);
        }
        catch (Exception e)
        {
            Faults.Add((index, e));
        }
    }

    private void Pair(string key, JoinRecord leftRecord, JoinRecord rightRecord, TLeft left, TRight right) => output.Add(() => new(
        $"{key}|{leftRecord.Place}|{rightRecord.Place}", Math.Min(leftRecord.Time, rightRecord.Time), Math.Max(leftRecord.Time, rightRecord.Time) + 1, 0, false, result(left, right)));

    private void Release()
    {
        _records.Release(JoinSide.Left, _sources.WatermarkOf(JoinSide.Right));
        _records.Release(JoinSide.Right, _sources.WatermarkOf(JoinSide.Left));
    }
}

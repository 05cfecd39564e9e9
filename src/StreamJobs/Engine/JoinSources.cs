using StreamJobs.State;

namespace StreamJobs.Engine;

/// <summary>
/// How far the partitions of a join's topics have come, as far as its records and marks say. A feeder's records lie on a partition in their source's order, so what lies at or
/// before the last one that was taken was sent again, by a feeder that was set back.
/// </summary>
internal sealed class JoinSources
{
    private readonly SortedDictionary<int, Source>[] _sources = [[], []];
    private readonly int[] _partitions = [0, 0];
    private readonly long[] _watermarks = [long.MinValue, long.MinValue];

    /// <summary>Whether something has changed since it was written.</summary>
    public bool IsDirty { get; private set; }

    /// <summary>No record of a side comes any more whose time is so early, unless it is within the lateness; the smallest number while not all of its partitions were heard of.</summary>
    public long WatermarkOf(JoinSide side) => _watermarks[(int)side];

    /// <summary>Says how many partitions a side's topic has. It never has fewer.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Expect(JoinSide side, int? partitions)
    {
        if (!(partitions > _partitions[(int)side]))
            return false;
        _partitions[(int)side] = partitions.Value;
        Measure(side);
        return IsDirty = true;
    }

    /// <summary>Takes notice of a record or a mark.</summary>
    /// <returns>False when there is nothing to join: it is a mark, or was taken before.</returns>
    public bool Take(JoinInput input)
    {
        var sources = _sources[(int)input.Side];
        if (!sources.TryGetValue(input.SourcePartition, out var source))
            sources.Add(input.SourcePartition, source = new());
        if (input.Watermark > source.Watermark)
        {
            source.Watermark = input.Watermark.Value;
            Measure(input.Side);
            IsDirty = true;
        }

        var last = (input.SourceOffset, input.Part);
        if (input.Value is null || (source.Incarnation == input.Incarnation && last.CompareTo(source.Last) <= 0))
            return false;
        (source.Incarnation, source.Last) = (input.Incarnation, last);
        return IsDirty = true;
    }

    /// <summary>The partitions of a side that have never been heard of.</summary>
    public IEnumerable<int> Silent(JoinSide side) =>
        Enumerable.Range(0, _partitions[(int)side]).Where(p => !(_sources[(int)side].GetValueOrDefault(p)?.Watermark > long.MinValue));

    public byte[] Write()
    {
        IsDirty = false;
        var writer = new StateWriter();
        for (var side = 0; side < 2; side++)
        {
            writer.Varint(_partitions[side]);
            writer.Varint(_sources[side].Count);
            foreach (var (partition, source) in _sources[side])
            {
                writer.Varint(partition);
                writer.Varint(source.Watermark);
                writer.Text(source.Incarnation);
                writer.Varint(source.Last.Offset);
                writer.Varint(source.Last.Part);
            }
        }

        return writer.Take();
    }

    public void Read(ReadOnlySpan<byte> data)
    {
        var reader = new StateReader(data);
        for (var side = 0; side < 2; side++)
        {
            _partitions[side] = (int)reader.Varint();
            for (var left = reader.Varint(); left > 0; left--)
                _sources[side].Add((int)reader.Varint(), new() { Watermark = reader.Varint(), Incarnation = reader.Text(), Last = (reader.Varint(), (int)reader.Varint()) });
            Measure((JoinSide)side);
        }
    }

    private void Measure(JoinSide side) =>
        _watermarks[(int)side] = _partitions[(int)side] == 0 || Silent(side).Any() ? long.MinValue : _sources[(int)side].Values.Min(s => s.Watermark);

    private sealed class Source
    {
        public long Watermark { get; set; } = long.MinValue;

        public string? Incarnation { get; set; }

        public (long Offset, int Part) Last { get; set; }
    }
}

using StreamJobs.Columns;
using StreamJobs.State;

namespace StreamJobs.Engine;

/// <summary>
/// Adds up the partitions' parts of a job whose keys are spread over them. A part replaces the partition's former one of its slice; nothing is added up
/// incrementally, so parts may come in any order and more than once. What was final stays final: a partition that joins later, with records of windows whose
/// parts are forgotten, would put its own part in the place of the whole.
/// </summary>
internal abstract class MergedJob
{
    public abstract JobOutput Output { get; }

    /// <summary>Windows that end at or before this time are closed.</summary>
    public abstract long ClosedUpTo { get; }

    /// <summary>How many slices it holds: those that are not final.</summary>
    public abstract int Slices { get; }

    /// <summary>Takes a partition's part of a slice.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="part">The part's number.</param>
    /// <param name="data">Its keys and their values.</param>
    /// <param name="isKnown">Whether closed windows hold it already: it comes again after a restart.</param>
    /// <returns>How many keys were left out, because all of the slice's windows are final; 0 when the part was taken.</returns>
    public abstract int Offer(int partition, long part, ReadOnlySpan<byte> data, bool isKnown = false);

    /// <summary>Closes what all partitions have passed, corrects what is closed, and forgets what is final.</summary>
    /// <param name="watermark">The smallest watermark of the partitions that are not idle.</param>
    /// <param name="finalWatermark">The smallest watermark of all partitions.</param>
    /// <returns>The parts below this number are no longer needed.</returns>
    public abstract long Advance(long watermark, long finalWatermark);

    /// <summary>Open windows as far as they have come, with further parts that were not offered.</summary>
    public abstract IEnumerable<ResultRow> OpenResults(IEnumerable<(int Partition, long Slice, byte[] Data)> parts, OpenQuery query);

    public abstract byte[] Snapshot();

    public abstract void Restore(ReadOnlySpan<byte> data);
}

/// <inheritdoc/>
internal sealed class MergedJob<T, TResult>(Slices slices, Aggregation<T, TResult> aggregation, JobOutput<TResult> output) : MergedJob
{
    private readonly SliceResults<T, TResult> _results = new(slices, aggregation);
    private readonly SortedList<long, SortedList<int, Pane<T>>> _parts = [];

    // In a snapshot, how far windows are final stands among the revisions, under an end that no window has: an earlier version reads past it.
    private const long FinalMark = long.MinValue;

    // What corrections have reached; a window that was never corrected stands at 0.
    private readonly Dictionary<(long End, string Key), int> _revisions = [];

    // Whether the window had a result of the key when that was first changed.
    private readonly Dictionary<(long End, string Key), bool> _changed = [];
    private long _closedUpTo = long.MinValue;

    public override JobOutput Output => output;

    public override long ClosedUpTo => _closedUpTo;

    public override int Slices => _parts.Count;

    public override int Offer(int partition, long part, ReadOnlySpan<byte> data, bool isKnown = false)
    {
        var pane = new Pane<T>(part, aggregation.CreateColumns());
        pane.Read(data);
        if (IsFinal(part))
            return isKnown ? 0 : pane.Count;
        if (!_parts.TryGetValue(part, out var partitions))
            _parts.Add(part, partitions = []);
        if (!isKnown)
            MarkCorrections(part, partitions.GetValueOrDefault(partition), pane);
        partitions[partition] = pane;
        return 0;
    }

    public override long Advance(long watermark, long finalWatermark)
    {
        foreach (var ((end, key), hadResult) in _changed.OrderBy(c => c.Key.End).ThenBy(c => c.Key.Key, StringComparer.Ordinal))
            Correct(end, key, hadResult);
        _changed.Clear();
        for (var end = NextEnd(); end <= watermark && end != long.MaxValue; end = NextEnd())
        {
            Close(end);
            _closedUpTo = end;
        }

        _closedUpTo = Math.Max(_closedUpTo, slices.ClosedUpTo(watermark));
        slices = slices.FinalBy(finalWatermark);
        while (_parts.Count > 0 && IsFinal(_parts.Keys[0]))
            _parts.RemoveAt(0);
        foreach (var at in _revisions.Keys.Where(r => r.End <= slices.FinalUpTo).ToArray())
            _revisions.Remove(at);
        return slices.FirstPartNotFinal();
    }

    public override IEnumerable<ResultRow> OpenResults(IEnumerable<(int Partition, long Slice, byte[] Data)> parts, OpenQuery query) => query.Rows(Open(parts, query.Key));

    private IEnumerable<WindowResult<TResult>> Open(IEnumerable<(int Partition, long Slice, byte[] Data)> parts, string? key)
    {
        var all = new SortedList<long, SortedList<int, Pane<T>>>();
        foreach (var (slice, partitions) in _parts)
            all.Add(slice, new(partitions));
        foreach (var (partition, slice, data) in parts)
        {
            var part = new Pane<T>(slice, aggregation.CreateColumns());
            part.Read(data);
            if (!all.TryGetValue(slice, out var partitions))
                all.Add(slice, partitions = []);
            partitions[partition] = part;
        }

        for (var (closed, end) = (_closedUpTo, NextEnd(all, _closedUpTo)); end != long.MaxValue; (closed, end) = (end, NextEnd(all, end)))
        {
            foreach (var result in JobOutput<TResult>.Computable(_results.Of([.. Covered(all, end)], end, key)))
                yield return result;
        }
    }

    public override byte[] Snapshot()
    {
        var writer = new StateWriter();
        writer.Varint(_closedUpTo);
        writer.Varint(FinalMark);
        writer.Text("");
        writer.Varint(slices.FinalUpTo);
        foreach (var ((end, key), revision) in _revisions)
        {
            writer.Varint(end);
            writer.Text(key);
            writer.Varint(revision);
        }

        return writer.Take();
    }

    public override void Restore(ReadOnlySpan<byte> data)
    {
        var reader = new StateReader(data);
        _closedUpTo = reader.Varint();
        while (!reader.AtEnd)
        {
            var (end, key, value) = (reader.Varint(), reader.Text()!, reader.Varint());
            if (end == FinalMark)
                slices = slices with { FinalUpTo = value };
            else
                _revisions[(end, key)] = (int)value;
        }
    }

    private bool IsFinal(long part) => slices.LastEnd(slices.SliceAndFirstEnd(part).Slice) <= slices.FinalUpTo;

    private void Close(long end)
    {
        foreach (var compute in _results.Of([.. Covered(_parts, end)], end))
            output.Add(compute);
    }

    /// <summary>Windows that are closed already and not final are corrected, for the keys that a part changes.</summary>
    private void MarkCorrections(long part, Pane<T>? former, Pane<T> pane)
    {
        var (start, firstEnd) = slices.SliceAndFirstEnd(part);
        for (var end = firstEnd; end <= slices.LastEnd(start) && end <= _closedUpTo; end += slices.Every)
        {
            if (end <= slices.FinalUpTo)
                continue;
            foreach (var key in Changed(former, pane))
                _changed.TryAdd((end, key), Covered(_parts, end).Any(p => p.TryFind(key, out _)));
        }
    }

    private void Correct(long end, string key, bool hadResult)
    {
        var revision = hadResult ? _revisions[(end, key)] = _revisions.GetValueOrDefault((end, key)) + 1 : 0;
        output.Add(_results.Of([.. Covered(_parts, end)], end, key, revision));
    }

    private IEnumerable<Pane<T>> Covered(SortedList<long, SortedList<int, Pane<T>>> parts, long end)
    {
        for (var i = IndexOf(parts.Keys, end - slices.Size); i < parts.Count; i++)
        {
            var (slice, firstEnd) = slices.SliceAndFirstEnd(parts.Keys[i]);
            if (slice >= end)
                break;
            if (firstEnd > end)
                continue;
            foreach (var part in parts.Values[i].Values)
                yield return part;
        }
    }

    /// <summary>The index of the first part of a slice, or of the next one that there is.</summary>
    private int IndexOf(IList<long> parts, long slice)
    {
        var (low, high) = (0, parts.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (slices.SliceAndFirstEnd(parts[middle]).Slice < slice)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    private long NextEnd() => NextEnd(_parts, _closedUpTo);

    private long NextEnd(SortedList<long, SortedList<int, Pane<T>>> parts, long closedUpTo) => slices.NextEndOfParts(parts.Keys, closedUpTo);

    private static IEnumerable<string> Changed(Pane<T>? former, Pane<T> part)
    {
        var (one, other) = (new StateWriter(), new StateWriter());
        for (var slot = 0; slot < part.Count; slot++)
        {
            var key = part.KeyAt(slot);
            if (former is not null && former.TryFind(key, out var formerSlot))
            {
                part.Columns.Write(one, slot);
                former.Columns.Write(other, formerSlot);
                if (one.Take().AsSpan().SequenceEqual(other.Take()))
                    continue;
            }

            yield return key;
        }
    }
}

using StreamJobs.Columns;
using StreamJobs.State;

namespace StreamJobs.Engine;

/// <summary>Tumbling and sliding windows whose keys live on this partition alone: a window that closes is a result.</summary>
internal sealed class SlicedWindows<T, TResult>(Slices slices, Aggregation<T, TResult> aggregation, Action<Func<WindowResult<TResult>>> emit) : IWindows<T, TResult>
{
    /// <summary>The blob of the revisions that corrections have reached.</summary>
    private const long Revisions = long.MinValue;

    private readonly SliceResults<T, TResult> _results = new(slices, aggregation);
    private readonly SortedList<long, Pane<T>> _panes = [];
    private readonly List<StateBlob> _removed = [];
    private readonly Dictionary<(long End, string Key), int> _corrections = [];
    private bool _correctionsChanged;
    private long _closedUpTo = long.MinValue;
    private Pane<T>? _recent;

    public long NextDeadline { get; private set; } = long.MaxValue;

    public long Keys => _panes.Values.Sum(p => (long)p.Count);

    public bool Add(string key, long timestamp, in T record, long watermark)
    {
        var slice = slices.SliceOf(timestamp);
        if (slices.IsFinal(slice, watermark))
            return false;
        var isCorrection = slices.FirstEnd(slice) <= watermark;
        if (isCorrection)
        {
            // The watermark may have passed windows that held nothing until now: those are closed too.
            _closedUpTo = Math.Max(_closedUpTo, slices.ClosedUpTo(watermark));
        }

        var pane = PaneOf(slice);
        pane.Columns.Evaluate(record);
        if (!isCorrection)
        {
            pane.Commit(key);
            return true;
        }

        // Some of its windows are closed, and correctable.
        var ends = ClosedWindows(slice, watermark).Select(end => (End: end, Known: Covered(end).Any(p => p.TryFind(key, out _)))).ToArray();
        pane.Commit(key);
        foreach (var (end, known) in ends)
            Correct(end, key, known);
        return true;
    }

    public void Advance(long watermark)
    {
        for (var end = NextEnd(); end <= watermark && end != long.MaxValue; end = NextEnd())
        {
            Close(end);
            _closedUpTo = end;
        }

        _closedUpTo = Math.Max(_closedUpTo, slices.ClosedUpTo(watermark));
        while (_panes.Count > 0 && slices.IsFinal(_panes.Keys[0], watermark))
        {
            _panes.Values[0].TakeRemoval(_removed);
            if (_recent == _panes.Values[0])
                _recent = null;
            _panes.RemoveAt(0);
        }

        if (_corrections.Count > 0)
        {
            foreach (var at in _corrections.Keys.Where(c => watermark >= c.End + slices.Lateness).ToArray())
                _correctionsChanged |= _corrections.Remove(at);
        }

        SetDeadline();
    }

    public void TakeChanges(List<StateBlob> changes)
    {
        changes.AddRange(_removed);
        _removed.Clear();
        foreach (var pane in _panes.Values)
            pane.TakeChanges(changes);
        if (_correctionsChanged)
        {
            _correctionsChanged = false;
            var writer = new StateWriter();
            foreach (var ((end, key), revision) in _corrections)
            {
                writer.Varint(end);
                writer.Text(key);
                writer.Varint(revision);
            }

            changes.Add(new(Revisions, 0, writer.Take()));
        }
    }

    public void Restore(IEnumerable<StateBlob> blobs, long watermark, long finalUpTo)
    {
        slices = slices with { FinalUpTo = finalUpTo };
        foreach (var kept in blobs.GroupBy(b => b.Pane))
        {
            if (kept.Key == Revisions)
                RestoreCorrections(kept.Single().Data);
            else
                PaneOf(kept.Key).Restore(kept);
        }

        _closedUpTo = slices.ClosedUpTo(watermark);
        SetDeadline();
    }

    public IEnumerable<WindowResult<TResult>> Open(long watermark, string? key)
    {
        var closed = _closedUpTo;
        try
        {
            for (var end = NextEnd(); end != long.MaxValue; end = NextEnd())
            {
                foreach (var result in JobOutput<TResult>.Computable(_results.Of([.. Covered(end)], end, key)))
                    yield return result;
                _closedUpTo = end;
            }
        }
        finally
        {
            _closedUpTo = closed;
        }
    }

    private void Close(long end)
    {
        foreach (var compute in _results.Of([.. Covered(end)], end))
            emit(compute);
    }

    private void Correct(long end, string key, bool known)
    {
        var revision = 0;
        if (known)
        {
            revision = _corrections[(end, key)] = _corrections.GetValueOrDefault((end, key)) + 1;
            _correctionsChanged = true;
        }

        emit(_results.Of([.. Covered(end)], end, key, revision));
    }

    private IEnumerable<Pane<T>> Covered(long end)
    {
        for (var slice = end - slices.Size; slice < end; slice += slices.Every)
        {
            if (_panes.TryGetValue(slice, out var pane))
                yield return pane;
        }
    }

    private IEnumerable<long> ClosedWindows(long slice, long watermark)
    {
        for (var end = slices.FirstEnd(slice); end <= slices.LastEnd(slice) && end <= watermark; end += slices.Every)
        {
            if (end > slices.FinalAt(watermark))
                yield return end;
        }
    }

    /// <summary>The end of the next window to close.</summary>
    private long NextEnd() => slices.NextEnd(_panes.Keys, _closedUpTo);

    private Pane<T> PaneOf(long slice)
    {
        if (_recent is { } recent && recent.Start == slice)
            return recent;
        if (!_panes.TryGetValue(slice, out var pane))
        {
            _panes.Add(slice, pane = new(slice, aggregation.CreateColumns()));
            SetDeadline();
        }

        return _recent = pane;
    }

    private void SetDeadline() => NextDeadline = _panes.Count == 0 ? long.MaxValue : Math.Min(NextEnd(), slices.LastEnd(_panes.Keys[0]) + slices.Lateness);

    private void RestoreCorrections(ReadOnlySpan<byte> data)
    {
        var reader = new StateReader(data);
        while (!reader.AtEnd)
            _corrections[(reader.Varint(), reader.Text()!)] = (int)reader.Varint();
    }
}

using StreamJobs.Columns;
using StreamJobs.State;

namespace StreamJobs.Engine;

/// <summary>
/// Tumbling and sliding windows whose keys are spread over partitions: this partition gives its part of each slice, which replaces what it gave of
/// that slice before, and the merger adds the partitions' parts up.
/// </summary>
internal sealed class PartialWindows<T, TResult>(Slices slices, Aggregation<T, TResult> aggregation, Action<long, byte[]> give) : IWindows<T, TResult>
{
    private readonly SortedList<long, Pane<T>> _panes = [];
    private readonly SortedSet<long> _due = [];
    private readonly HashSet<long> _given = [];
    private readonly List<StateBlob> _removed = [];
    private readonly StateWriter _writer = new();
    private Pane<T>? _recent;

    public long NextDeadline { get; private set; } = long.MaxValue;

    /// <summary>Whether parts wait to be given.</summary>
    public bool HasDue => _due.Count > 0;

    public long Keys => _panes.Values.Sum(p => (long)p.Count);

    public bool Add(string key, long timestamp, in T record, long watermark)
    {
        var slice = slices.SliceOf(timestamp);
        if (slices.IsFinal(slice, watermark))
            return false;
        var pane = PaneOf(slice);
        pane.Columns.Evaluate(record);
        pane.Commit(key);
        if (slices.FirstEnd(slice) <= watermark)
            _due.Add(slice);
        return true;
    }

    public void Advance(long watermark)
    {
        foreach (var slice in _panes.Keys)
        {
            if (slices.FirstEnd(slice) > watermark)
                break;
            if (!_given.Contains(slice))
                _due.Add(slice);
        }

        while (_panes.Count > 0 && slices.IsFinal(_panes.Keys[0], watermark))
        {
            Give(_panes.Keys[0]);
            _panes.Values[0].TakeRemoval(_removed);
            _given.Remove(_panes.Keys[0]);
            if (_recent == _panes.Values[0])
                _recent = null;
            _panes.RemoveAt(0);
        }

        SetDeadline();
    }

    public void TakeChanges(List<StateBlob> changes)
    {
        foreach (var slice in _due.ToArray())
            Give(slice);
        changes.AddRange(_removed);
        _removed.Clear();
        foreach (var pane in _panes.Values)
            pane.TakeChanges(changes);
        SetDeadline();
    }

    public void Restore(IEnumerable<StateBlob> blobs, long watermark)
    {
        foreach (var blob in blobs)
            PaneOf(blob.Pane).Restore(blob.Data);

        // What the watermark had passed was given with the checkpoint that kept it.
        _given.UnionWith(_panes.Keys.Where(slice => slices.FirstEnd(slice) <= watermark));
        SetDeadline();
    }

    /// <summary>Nothing: an open window's result needs all partitions; see <see cref="OpenSlices"/>.</summary>
    public IEnumerable<WindowResult<TResult>> Open(long watermark) => [];

    /// <summary>The slices that were not given yet, as they stand.</summary>
    public IEnumerable<(long Slice, byte[] Data)> OpenSlices()
    {
        foreach (var (slice, pane) in _panes)
        {
            if (_given.Contains(slice) && !_due.Contains(slice))
                continue;
            pane.Write(_writer);
            yield return (slice, _writer.Take());
        }
    }

    private void Give(long slice)
    {
        if (!_due.Remove(slice))
            return;
        _panes[slice].Write(_writer);
        give(slice, _writer.Take());
        _given.Add(slice);
    }

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

    private void SetDeadline()
    {
        NextDeadline = long.MaxValue;
        foreach (var slice in _panes.Keys)
        {
            var at = _given.Contains(slice) || _due.Contains(slice) ? slices.LastEnd(slice) + slices.Lateness : slices.FirstEnd(slice);
            NextDeadline = Math.Min(NextDeadline, at);
        }
    }
}

using StreamJobs.Columns;
using StreamJobs.State;

namespace StreamJobs.Engine;

/// <summary>
/// Tumbling and sliding windows whose keys are spread over partitions: this partition gives its parts of each slice, each of which replaces what it gave of
/// that part before, and the merger adds the partitions' parts up. Records that are late for some of their slice's windows are a part of their own.
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
        var firstEnd = slices.FirstCounted(slice, watermark);
        var part = slices.PartOf(slice, firstEnd);
        var pane = PaneOf(part);
        pane.Columns.Evaluate(record);
        pane.Commit(key);
        if (firstEnd <= watermark)
            _due.Add(part);
        return true;
    }

    public void Advance(long watermark)
    {
        foreach (var part in _panes.Keys)
        {
            var (slice, firstEnd) = slices.SliceAndFirstEnd(part);
            if (slices.FirstEnd(slice) > watermark)
                break;
            if (firstEnd <= watermark && !_given.Contains(part))
                _due.Add(part);
        }

        while (_panes.Count > 0 && slices.IsFinal(slices.SliceAndFirstEnd(_panes.Keys[0]).Slice, watermark))
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
        foreach (var part in _due.ToArray())
            Give(part);
        changes.AddRange(_removed);
        _removed.Clear();
        foreach (var pane in _panes.Values)
            pane.TakeChanges(changes);
        SetDeadline();
    }

    public void Restore(IEnumerable<StateBlob> blobs, long watermark, long finalUpTo)
    {
        slices = slices with { FinalUpTo = finalUpTo };
        foreach (var kept in blobs.GroupBy(b => b.Pane))
            PaneOf(kept.Key).Restore(kept);

        // What the watermark had passed was given with the checkpoint that kept it.
        _given.UnionWith(_panes.Keys.Where(part => slices.SliceAndFirstEnd(part).FirstEnd <= watermark));
        SetDeadline();
    }

    /// <summary>Nothing: an open window's result needs all partitions; see <see cref="OpenSlices"/>.</summary>
    public IEnumerable<WindowResult<TResult>> Open(long watermark, string? key) => [];

    /// <summary>The parts that were not given yet, as they stand.</summary>
    public IEnumerable<(long Part, byte[] Data)> OpenSlices()
    {
        foreach (var (part, pane) in _panes)
        {
            if (_given.Contains(part) && !_due.Contains(part))
                continue;
            pane.Write(_writer);
            yield return (part, _writer.Take());
        }
    }

    private void Give(long part)
    {
        if (!_due.Remove(part))
            return;
        _panes[part].Write(_writer);
        give(part, _writer.Take());
        _given.Add(part);
    }

    private Pane<T> PaneOf(long part)
    {
        if (_recent is { } recent && recent.Start == part)
            return recent;
        if (!_panes.TryGetValue(part, out var pane))
        {
            _panes.Add(part, pane = new(part, aggregation.CreateColumns()));
            SetDeadline();
        }

        return _recent = pane;
    }

    private void SetDeadline()
    {
        NextDeadline = long.MaxValue;
        foreach (var part in _panes.Keys)
        {
            var (slice, firstEnd) = slices.SliceAndFirstEnd(part);
            var at = _given.Contains(part) || _due.Contains(part) ? slices.LastEnd(slice) + slices.Lateness : firstEnd;
            NextDeadline = Math.Min(NextDeadline, at);
        }
    }
}

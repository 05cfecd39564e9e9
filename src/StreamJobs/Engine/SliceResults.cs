using StreamJobs.Columns;
using StreamJobs.State;

namespace StreamJobs.Engine;

/// <summary>Results of windows, from the slices and parts that each covers.</summary>
internal sealed class SliceResults<T, TResult>(Slices slices, Aggregation<T, TResult> aggregation)
{
    /// <summary>A window's results of one key, or of all.</summary>
    public IEnumerable<Func<WindowResult<TResult>>> Of(IReadOnlyList<Pane<T>> covered, long end, string? key) =>
        key is null ? Of(covered, end) : covered.Any(p => p.TryFind(key, out _)) ? [Of(covered, end, key, 0)] : [];

    /// <summary>A window's results, each to be computed. What does not add up for one key throws for that key alone.</summary>
    public IEnumerable<Func<WindowResult<TResult>>> Of(IReadOnlyList<Pane<T>> covered, long end)
    {
        try
        {
            var window = Combined(covered, end);
            return Enumerable.Range(0, window.Count).Select(slot => (Func<WindowResult<TResult>>)(() => Result(window, slot, end, 0)));
        }
        catch (Exception)
        {
            // It is thrown again, for the key that it belongs to.
            return covered.SelectMany(pane => pane.Keys).Distinct(StringComparer.Ordinal).Select(key => Of(covered, end, key, 0));
        }
    }

    /// <summary>A key's result, to be computed.</summary>
    public Func<WindowResult<TResult>> Of(IReadOnlyList<Pane<T>> covered, long end, string key, int revision) => () =>
    {
        var one = new Pane<T>(end, aggregation.CreateColumns());
        foreach (var pane in covered)
        {
            if (pane.TryFind(key, out var slot))
                one.Columns.Merge(one.FindOrOpen(key, out _), pane.Columns, slot);
        }

        return Result(one, 0, end, revision);
    };

    private WindowResult<TResult> Result(Pane<T> window, int slot, long end, int revision) =>
        new(window.KeyAt(slot), end - slices.Size, end, revision, false, aggregation.Result(window.Columns, slot));

    /// <summary>A window as one pane: as it is when it covers one, else a sum.</summary>
    private Pane<T> Combined(IReadOnlyList<Pane<T>> covered, long end)
    {
        if (covered.Count == 1)
            return covered[0];
        var sum = new Pane<T>(end, aggregation.CreateColumns());
        foreach (var pane in covered)
            sum.Merge(pane);
        return sum;
    }
}

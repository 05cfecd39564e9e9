using System.Text.Json;
using EventPlatform.AspNetCore.Jobs;
using EventPlatform.Jobs;
using Grains.Jobs;
using StreamJobs;
using StreamJobs.Checkpoints;

namespace Api.Live;

/// <summary>The windows that the page draws, open ones too.</summary>
internal sealed class LiveWindows(JobDirectory jobs, JobCatalog catalog, OpenWindows open, TimeProvider time)
{
    private const int MostRows = 12;

    /// <summary>Open windows are computed for each question, in the turns of the jobs themselves: for a picture of twelve bars not more than these. A job with more is not drawn.</summary>
    private const int MostOpen = 20_000;
    private static readonly ResultQuery Everything = new(null, null, null, null, null);
    private static readonly TimeSpan History = TimeSpan.FromHours(1);

    public async Task<IReadOnlyDictionary<string, IReadOnlyList<LiveWindow>>?> ReadAsync(CancellationToken cancellationToken)
    {
        var read = await Task.WhenAll(
            NewestAsync(ShopJobs.EventCounts, "c", cancellationToken), NewestAsync(ShopJobs.TopPages, "c", cancellationToken),
            NewestAsync(ShopJobs.ConversionFunnel, "page_views", cancellationToken), RecentAsync(ShopJobs.Revenue, cancellationToken));
        return read.ToDictionary(r => r.Job, r => r.Rows);
    }

    /// <summary>The keys of the window that records are falling into, the largest first.</summary>
    private async Task<(string Job, IReadOnlyList<LiveWindow> Rows)> NewestAsync(Job job, string by, CancellationToken cancellationToken)
    {
        if (jobs.Find(job.Name) is null)
            return (job.Name, []);
        var rows = await OpenAsync(job, cancellationToken);
        var newest = rows.Count == 0 ? 0 : rows.Max(r => r.EndMs);
        return (job.Name, [.. rows.Where(r => r.EndMs == newest).Select(Row)
            .OrderByDescending(r => r.Value.GetProperty(by).GetInt64()).ThenBy(r => r.Key, StringComparer.Ordinal).Take(MostRows)]);
    }

    /// <summary>A job's last windows in order, those that are still open at the end.</summary>
    private async Task<(string Job, IReadOnlyList<LiveWindow> Rows)> RecentAsync(Job job, CancellationToken cancellationToken)
    {
        if (jobs.Find(job.Name) is null)
            return (job.Name, []);
        var closed = await catalog.ResultsAsync(job, new ResultQuery(null, time.GetUtcNow() - History, null, null, null), MostRows, cancellationToken);
        var rows = await OpenAsync(job, cancellationToken);
        return (job.Name, [.. closed.Select(Row).Concat(rows.Select(Row)).TakeLast(MostRows)]);
    }

    private async Task<IReadOnlyList<OpenWindowRow>> OpenAsync(Job job, CancellationToken cancellationToken)
    {
        var rows = await open.ReadAsync(job, Everything, after: null, MostOpen + 1, cancellationToken);
        return rows.Count <= MostOpen ? rows : [];
    }

    private static LiveWindow Row(StoredResult row) => new(row.Key, Time(row.StartMs), Time(row.EndMs), false, row.Value);

    private static LiveWindow Row(OpenWindowRow row) => new(row.Key, Time(row.StartMs), Time(row.EndMs), true, JsonSerializer.Deserialize<JsonElement>(row.Json));

    private static DateTimeOffset Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);
}

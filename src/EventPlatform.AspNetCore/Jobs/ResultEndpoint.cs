using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EventPlatform.AspNetCore.Http;
using EventPlatform.Jobs;
using Microsoft.AspNetCore.Http.Timeouts;
using StreamJobs;
using StreamJobs.Checkpoints;

namespace EventPlatform.AspNetCore.Jobs;

/// <summary>
/// A job's results: <c>k</c>, <c>ws</c> and <c>we</c> (the key, the window's start and end), the job's own fields, <c>revision</c>, and <c>state</c>: open while
/// records may still come, closed while late ones may still correct it, then final. A result without fields is called <c>value</c>; a field of the job's that is called as one of
/// these five has <c>value_</c> before its name.
/// </summary>
internal static class ResultEndpoint
{
    private const int RowsAtOnce = 5000;

    /// <summary>Open windows are computed, and put in order, for each question: as few questions as messages between processes allow.</summary>
    private const int OpenRowsAtOnce = 100_000;
    private static readonly string[] OfEveryResult = ["ws", "we", "k", "revision", "state"];
    private static readonly string[] States = ["open", "closed", "final", "all"];

    public static async Task<IResult> GetAsync(
        string job, HttpContext context, [AsParameters] PageQuery page, [AsParameters] ResultsQuery query, JobDirectory jobs, JobCatalog catalog, OpenWindows open,
        IHostApplicationLifetime lifetime)
    {
        var checks = new Checks();
        var limit = page.ReadLimit(checks);
        var start = ReadPlace(page, checks);
        var (from, to) = (checks.Time("from", query.From), checks.Time("to", query.To));
        var state = query.State ?? "all";
        if (!States.Contains(state))
            checks.Add("state", $"It must be one of {string.Join(", ", States)}.");
        if (checks.Problem is { } problem)
            return problem;
        if (jobs.Find(job) is not { } found)
            return JobEndpoints.Missing(job);
        if (found.IsOnlyToTopics && state != "open")
            checks.Add("state", $"The results of closed windows of this job are in the topic {string.Join(", ", found.ResultTopics)} alone; 'open' is served.");
        if (checks.Problem is { } notServed)
            return notServed;

        var filter = new ResultQuery(query.Key, from, to, state switch { "final" => true, "closed" => false, _ => null }, start is { IsOpen: false } ? start.After : null);
        if (context.Request.Headers.Accept.ToString().Contains("application/x-ndjson", StringComparison.OrdinalIgnoreCase))
        {
            // However many rows there are: a client that has gone away ends it, or that does not read, or the end of this process.
            context.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
            return Results.Stream(
                async stream =>
                {
                    using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
                    await WriteAllAsync(stream, found, filter, state, catalog, open, ending.Token);
                },
                "application/x-ndjson");
        }

        var rows = state == "open" || start is { IsOpen: true } ? [] : await catalog.ResultsAsync(found, filter, limit + 1, context.RequestAborted);
        var items = rows.Take(limit).Select(Row).ToList();
        var next = rows.Count > limit ? new Start(Place(rows[limit - 1]), IsOpen: false) : null;
        if (next is null && state is "open" or "all")
        {
            var room = limit - items.Count;
            var opened = await open.ReadAsync(found, filter, start is { IsOpen: true } ? start.After : null, room + 1, context.RequestAborted);
            items.AddRange(opened.Take(room).Select(Row));
            if (opened.Count > room)
                next = new Start(room == 0 ? null : Place(opened[room - 1]), IsOpen: true);
        }

        return new Tagged<Page<JsonObject>>(new(items, next is null ? null : Cursors.Of(JsonSerializer.Serialize(next))));
    }

    private static async Task WriteAllAsync(
        Stream stream, Job job, ResultQuery filter, string state, JobCatalog catalog, OpenWindows open, CancellationToken cancellationToken)
    {
        await using var writer = new StreamWriter(stream);
        for (var more = state != "open"; more;)
        {
            var rows = await catalog.ResultsAsync(job, filter, RowsAtOnce, cancellationToken);
            foreach (var row in rows)
                await writer.WriteLineAsync(Row(row).ToJsonString());
            more = rows.Count == RowsAtOnce;
            if (more)
                filter = filter with { After = Place(rows[^1]) };
        }

        ResultPlace? after = null;
        for (var more = state is "open" or "all"; more;)
        {
            var rows = await open.ReadAsync(job, filter, after, OpenRowsAtOnce, cancellationToken);
            foreach (var row in rows)
                await writer.WriteLineAsync(Row(row).ToJsonString());
            more = rows.Count == OpenRowsAtOnce;
            after = more ? Place(rows[^1]) : null;
        }
    }

    private static JsonObject Row(StoredResult row) =>
        Row(row.Key, row.StartMs, row.EndMs, JsonSerializer.SerializeToNode(row.Value), row.Revision, row.IsFinal ? "final" : "closed");

    private static JsonObject Row(OpenWindowRow row) =>
        Row(row.Key, row.StartMs, row.EndMs, JsonNode.Parse(row.Json), null, "open");

    internal static JsonObject Row(string key, long start, long end, JsonNode? value, int? revision, string state)
    {
        var row = new JsonObject { ["ws"] = Time(start), ["we"] = Time(end), ["k"] = key };
        foreach (var (name, field) in value as JsonObject ?? new JsonObject { ["value"] = value })
            row[OfEveryResult.Contains(name) ? $"value_{name}" : name] = field?.DeepClone();
        row["revision"] = revision;
        row["state"] = state;
        return row;
    }

    // What an earlier version kept may lie before the year 1: the nearest time there is must do.
    private static string Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(ms, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static ResultPlace Place(StoredResult row) => new(row.EndMs, row.Key, row.StartMs);

    private static ResultPlace Place(OpenWindowRow row) => new(row.EndMs, row.Key, row.StartMs);

    private static Start? ReadPlace(PageQuery page, Checks checks)
    {
        if (page.ReadCursor(checks) is not { } text)
            return null;
        try
        {
            return JsonSerializer.Deserialize<Start>(text);
        }
        catch (JsonException)
        {
            checks.Add("cursor", "It is not a cursor that this list gave.");
            return null;
        }
    }

    /// <summary>Where a page starts: in the results of closed windows, or past them in open ones.</summary>
    private sealed record Start(ResultPlace? After, bool IsOpen);
}

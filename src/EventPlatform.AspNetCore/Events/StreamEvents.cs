using System.ComponentModel;
using System.Globalization;
using EventPlatform.AspNetCore.Http;
using EventStore.Reading;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EventPlatform.AspNetCore.Events;

/// <summary>Which events of a stream.</summary>
internal sealed record StreamQuery(
    [property: Description("Instead of a cursor: those below this version, newest first.")] string? Before);

/// <summary>The events of one stream, paged by version: oldest first, or back from a version.</summary>
internal static class StreamEvents
{
    public static async Task<Results<Tagged<Page<EventItem>>, ValidationProblem, ProblemHttpResult>> ReadAsync(
        IEventReader reader, string aggregate, string id, PageQuery page, StreamQuery query, CancellationToken cancellationToken)
    {
        var checks = new Checks();
        var limit = page.ReadLimit(checks);
        var after = page.ReadNumericCursor(checks) ?? 0;
        var before = checks.Long("before", query.Before, 1, long.MaxValue, null);
        if (before is not null && page.Cursor is not null)
            checks.Add("before", "Give a cursor or this, not both.");
        if (checks.Problem is { } problem)
            return problem;

        var key = $"{aggregate}/{id}";
        if (before is { } end)
        {
            // Versions have no gaps, so the last ones below a version are known without asking.
            var from = Math.Max(0, end - 1 - limit);
            var newest = await reader.ReadStreamAsync(key, from, (int)(end - 1 - from), cancellationToken);
            return new Tagged<Page<EventItem>>(new([.. newest.Reverse().Select(EventItem.Of)], null));
        }

        var events = await reader.ReadStreamAsync(key, after, limit + 1, cancellationToken);
        if (events.Count == 0 && after == 0)
            return Problems.NotFound($"There is no {aggregate} '{id}': no event of it is stored.");
        return new Tagged<Page<EventItem>>(Cursors.Page(events, limit, e => e.Version.ToString(CultureInfo.InvariantCulture), EventItem.Of));
    }
}

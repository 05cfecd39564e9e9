using System.Text.Json;
using EventPlatform.AspNetCore.Http;
using EventStore;
using EventStore.Projections;
using Grains.Users;

namespace Api.Users;

/// <summary>Who has done most lately. "Lately" counts back from the newest event: an answer about history must not change with the clock.</summary>
internal static class ActivityEndpoints
{
    public static void MapActivity(this IEndpointRouteBuilder routes) => routes.MapGet("/activity", GetAsync).WithTags("Users")
        .WithSummary("The most active users of the last five minutes of event time").WithDescription("Of all time: `/users?order=events`.");

    private static async Task<IResult> GetAsync(string? limit, IProjectionReader reader, CancellationToken cancellationToken)
    {
        var checks = new Checks();
        var most = checks.Int("limit", limit, 1, PageQuery.MaxLimit, 10);
        if (checks.Problem is { } problem)
            return problem;

        var page = await reader.ListAsync("recent-activity", new DocumentQuery(Limit: RecentActivity.Window, OrderBy: "slice"), cancellationToken);
        var slices = page.Items.Select(d => JsonSerializer.Deserialize<ActivitySlice>(d.Json, EventJson.Options)!).ToArray();
        var newest = slices.Length == 0 ? 0 : slices[0].Slice;
        var users = slices.Where(s => s.Slice > newest - RecentActivity.Window).SelectMany(s => s.Users)
            .GroupBy(u => u.Key, (id, counts) => new ActiveUser(id, counts.Sum(c => c.Value)))
            .OrderByDescending(u => u.Events).ThenBy(u => u.Id, StringComparer.Ordinal).Take(most);
        return new Tagged<Activity>(new Activity(
            slices.Length == 0 ? null : DateTimeOffset.FromUnixTimeSeconds((newest + 1) * RecentActivity.SliceSeconds), [.. users]));
    }
}

/// <summary>The most active users.</summary>
/// <param name="Until">The end of the five minutes, by the newest event; absent while there is none.</param>
/// <param name="Items">The users, most active first.</param>
public sealed record Activity(DateTimeOffset? Until, IReadOnlyList<ActiveUser> Items);

/// <summary>A user and how many events they gave.</summary>
public sealed record ActiveUser(string Id, int Events);

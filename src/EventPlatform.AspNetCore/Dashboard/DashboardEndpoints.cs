using Orleans.Dashboard;

namespace EventPlatform.AspNetCore.Dashboard;

/// <summary>The Orleans Dashboard. It has no authentication of its own: what guards the API guards it.</summary>
internal static class DashboardEndpoints
{
    public static void MapDashboard(this IEndpointRouteBuilder routes) =>
        routes.MapOrleansDashboard("/dashboard").ExcludeFromDescription();
}

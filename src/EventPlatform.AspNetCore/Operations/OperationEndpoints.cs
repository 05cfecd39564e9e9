using System.Globalization;
using EventPlatform.AspNetCore.Http;
using EventStore.Operations;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EventPlatform.AspNetCore.Operations;

/// <summary>Who did what.</summary>
internal static class OperationEndpoints
{
    public static void MapOperations(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/operator-actions", ListAsync).WithTags("Operations").WithSummary("What operators did, newest first");

    private static async Task<Results<Tagged<Page<OperatorAction>>, ValidationProblem>> ListAsync(
        [AsParameters] PageQuery page, IOperatorLog log, CancellationToken cancellationToken)
    {
        var checks = new Checks();
        var limit = page.ReadLimit(checks);
        var before = page.ReadNumericCursor(checks);
        if (checks.Problem is { } problem)
            return problem;
        var actions = await log.ListAsync(before, limit + 1, cancellationToken);
        return new Tagged<Page<OperatorAction>>(Cursors.Page(actions, limit, a => a.Id.ToString(CultureInfo.InvariantCulture), a => a));
    }
}

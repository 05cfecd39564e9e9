using EventStore.Projections;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace EventPlatform.AspNetCore.Projections;

/// <summary>What a projection or replay refuses, as an answer: its own words say why and what to do.</summary>
internal sealed class ProjectionProblems : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not ProjectionException refused)
            return false;
        context.Response.StatusCode = refused.Reason switch
        {
            ProjectionRefusal.NotFound => StatusCodes.Status404NotFound,
            ProjectionRefusal.Conflict => StatusCodes.Status409Conflict,
            _ => StatusCodes.Status400BadRequest,
        };
        await Http.Problems.WriteAsync(context, new ProblemDetails { Status = context.Response.StatusCode, Detail = refused.Message });
        return true;
    }
}

using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace EventPlatform.AspNetCore.Http;

/// <summary>The error answers of the API: RFC 9457, with what to do in the detail.</summary>
internal static class Problems
{
    /// <summary>How long a client should wait before it asks again when a part of the system is away.</summary>
    private const int RetryAfterSeconds = 2;

    public const string TooLarge = "The body is larger than Api:MaxRequestBytes allows.";

    public static ProblemHttpResult NotFound(string detail) =>
        TypedResults.Problem(detail, statusCode: StatusCodes.Status404NotFound);

    public static ProblemHttpResult Conflict(string detail) =>
        TypedResults.Problem(detail, statusCode: StatusCodes.Status409Conflict);

    public static ProblemHttpResult Timeout(string detail) =>
        TypedResults.Problem(detail, statusCode: StatusCodes.Status504GatewayTimeout);

    public static ProblemHttpResult Rejected(string reason, IDictionary<string, object?>? more = null) =>
        TypedResults.Problem(reason, statusCode: StatusCodes.Status422UnprocessableEntity, title: "Rejected", extensions: more);

    public static ValidationProblem Invalid(IDictionary<string, string[]> errors) =>
        TypedResults.ValidationProblem(errors, detail: "The request was not carried out; every error is listed.");

    /// <summary>A part of the system is away: say which, and when to ask again.</summary>
    public static Task WriteUnavailableAsync(HttpContext context, string detail)
    {
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return WriteAsync(context, new ProblemDetails { Status = StatusCodes.Status503ServiceUnavailable, Detail = detail });
    }

    public static Task WriteTimeoutAsync(HttpContext context) => WriteUnavailableAsync(context,
        "The request took longer than Api:RequestTimeout allows. What it should change may still happen: send it again with the same Idempotency-Key. See /health/ready.");

    public static Task WriteAsync(HttpContext context, ProblemDetails problem) =>
        context.RequestServices.GetRequiredService<IProblemDetailsService>()
            .WriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem }).AsTask();

    /// <summary>What every problem carries.</summary>
    public static void Complete(ProblemDetailsContext context)
    {
        context.ProblemDetails.Title ??= ReasonPhrases.GetReasonPhrase(context.HttpContext.Response.StatusCode);
        context.ProblemDetails.Instance ??= context.HttpContext.Request.Path;
        context.ProblemDetails.Detail ??= context.ProblemDetails.Status switch
        {
            StatusCodes.Status404NotFound => "There is nothing at this address. /openapi/v1.json lists what there is.",
            StatusCodes.Status405MethodNotAllowed => "This address exists, but not with this method; see the Allow header.",
            StatusCodes.Status413PayloadTooLarge => TooLarge,
            StatusCodes.Status415UnsupportedMediaType => "Send JSON, with Content-Type: application/json.",
            _ => null,
        };
    }
}

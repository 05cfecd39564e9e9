using System.Text.Json;
using Confluent.Kafka;
using EventStore.Appending;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Orleans.Runtime.Messaging;
using SchemaRegistry;

namespace EventPlatform.AspNetCore.Http;

/// <summary>
/// Turns exceptions into answers: what passes by itself into a 503, a request that cannot be read or looked up into its own status, all else into a
/// 500 that says nothing of the inside; the log has it.
/// </summary>
internal sealed partial class ExceptionProblems(ILogger<ExceptionProblems> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (context.RequestAborted.IsCancellationRequested && exception is OperationCanceledException)
        {
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        if (exception is BadHttpRequestException bad)
        {
            context.Response.StatusCode = bad.StatusCode;
            await Problems.WriteAsync(context, new ProblemDetails { Status = bad.StatusCode, Detail = Explain(bad) });
        }
        else if (exception is PostgresException { SqlState: PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter })
        {
            // Only what came with the request holds it: nothing that is stored can.
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await Problems.WriteAsync(context, new ProblemDetails { Status = StatusCodes.Status400BadRequest, Detail = "The request holds the character U+0000, which no text here can hold." });
        }
        else if (Away(exception, context) is { } what)
        {
            LogUnavailable(context.Request.Method, context.Request.Path, what, exception.Message);
            await Problems.WriteUnavailableAsync(context, what);
        }
        else
        {
            LogFailed(exception, context.Request.Method, context.Request.Path, context.TraceIdentifier);
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            await Problems.WriteAsync(context, new ProblemDetails
            {
                Status = StatusCodes.Status500InternalServerError,
                Detail = "The API failed on this request. The log has the exception under the traceId.",
            });
        }

        return true;
    }

    /// <summary>What is away, with what to do; or null when this will not pass by itself.</summary>
    private static string? Away(Exception exception, HttpContext context) => exception switch
    {
        StoreUnavailableException or NpgsqlException { IsTransient: true }
            or NpgsqlException { InnerException: System.Net.Sockets.SocketException or TimeoutException } => $"Postgres does not answer. {AskAgain(context)}",
        SchemaRegistryUnavailableException => "The schema registry does not answer. Ask again.",
        KafkaException e => $"Kafka does not answer ({e.Error.Reason}). Send it again with the same Idempotency-Key.",
        ClusterUnavailableException e => e.Message,
        TimeoutException or SiloUnavailableException or ConnectionFailedException or OrleansMessageRejectionException or ClientNotAvailableException =>
            $"The cluster does not answer in time. {AskAgain(context)}",
        _ => null,
    };

    // A commit whose answer was lost has happened: asked again as a new request, it would happen twice.
    private static string AskAgain(HttpContext context) =>
        HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) ? "Nothing is lost; ask again."
        : "What the request should change may have happened, or still happen: send it again with the same Idempotency-Key."
            + (context.RandomId() is { } id ? $" It had none, and got this one: {id}" : "");

    private static string Explain(BadHttpRequestException exception) => exception switch
    {
        { InnerException: JsonException json } => $"The body is not the JSON that is expected: {json.Message}",
        { StatusCode: StatusCodes.Status413PayloadTooLarge } => Problems.TooLarge,
        _ => exception.Message,
    };

    // An outage is said once by whoever notices it; here it is only one request more.
    [LoggerMessage(5120, LogLevel.Debug, "{Method} {Path} was answered with 503: {What} {Error}")]
    private partial void LogUnavailable(string method, string path, string what, string error);

    [LoggerMessage(5121, LogLevel.Error, "{Method} {Path} failed (traceId {TraceId}).")]
    private partial void LogFailed(Exception exception, string method, string path, string traceId);
}

/// <summary>The cluster cannot be asked.</summary>
internal sealed class ClusterUnavailableException(string message) : Exception(message);

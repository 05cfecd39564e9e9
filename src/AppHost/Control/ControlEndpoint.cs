using AppHost.Kafka;
using Confluent.Kafka;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace AppHost.Control;

/// <summary>
/// The host's own small API, on the loopback interface: <c>up</c> brings back what is gone, and topics of the emulator, which has no topic
/// administration over the wire, are created.
/// </summary>
public sealed class ControlEndpoint : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ControlEndpoint(WebApplication app) => _app = app;

    /// <summary>Where it listens.</summary>
    public string Address => _app.Urls.Single();

    /// <summary>Starts it on a free port.</summary>
    /// <param name="broker">The broker whose topics it manages, or null when it is not ours.</param>
    /// <param name="bringBack">Starts every part that is gone, and names them.</param>
    public static async Task<ControlEndpoint> StartAsync(IKafkaBroker? broker, Func<string[]> bringBack)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapPost("/bring-back", () => new BroughtBack(bringBack()));
        app.MapPost("/topics", (TopicRequest topic, CancellationToken stop) => ChangeAsync(topic, broker, b => b.CreateTopicAsync(topic.Name, topic.Partitions, stop)));
        app.MapPut("/topics", (TopicRequest topic, CancellationToken stop) => ChangeAsync(topic, broker, b => b.GrowTopicAsync(topic.Name, topic.Partitions, stop)));
        await app.StartAsync();
        return new ControlEndpoint(app);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static async Task<IResult> ChangeAsync(TopicRequest topic, IKafkaBroker? broker, Func<IKafkaBroker, Task> change)
    {
        if (broker is null)
            return Problem(StatusCodes.Status409Conflict, "The broker is not run by this host: use its own topic administration.");
        if (string.IsNullOrWhiteSpace(topic.Name) || topic.Partitions < 1)
            return Problem(StatusCodes.Status422UnprocessableEntity, "A topic has a name and at least one partition.");
        try
        {
            await change(broker);
            return Results.Ok(topic);
        }
        catch (NotSupportedException e)
        {
            return Problem(StatusCodes.Status409Conflict, e.Message);
        }
        catch (InvalidOperationException e)
        {
            return Problem(StatusCodes.Status422UnprocessableEntity, e.Message);
        }
        catch (KafkaException e)
        {
            return Problem(StatusCodes.Status422UnprocessableEntity, e.Error.Reason);
        }
    }

    private static IResult Problem(int status, string detail) => Results.Problem(detail, statusCode: status);
}

/// <summary>A topic as it should be.</summary>
public sealed record TopicRequest(string Name, int Partitions);

/// <summary>The parts that were gone and were started.</summary>
public sealed record BroughtBack(string[] Parts);

using EventPlatform.AspNetCore.Audits;
using EventPlatform.AspNetCore.Cluster;
using EventPlatform.AspNetCore.Dashboard;
using EventPlatform.AspNetCore.DeadLetters;
using EventPlatform.AspNetCore.Events;
using EventPlatform.AspNetCore.Events.Ingest;
using EventPlatform.AspNetCore.Health;
using EventPlatform.AspNetCore.Hosting;
using EventPlatform.AspNetCore.Jobs;
using EventPlatform.AspNetCore.Operations;
using EventPlatform.AspNetCore.Projections;
using EventPlatform.AspNetCore.Replays;
using EventPlatform.AspNetCore.Schemas;
using EventPlatform.AspNetCore.Silos;
using EventPlatform.AspNetCore.Topics;
using EventPlatform.Hosting;
using EventPlatform.Topics;

namespace EventPlatform.AspNetCore;

/// <summary>
/// Makes a program a silo of an application, its API, or both. Settings come from the program's configuration; <c>docs/configuration.md</c> lists them.
/// </summary>
public static class EventPlatformHosting
{
    /// <summary>
    /// A silo and the API in one process: the API asks the silo that it lives in, and through it the others. For small applications; silos and APIs apart
    /// are restarted and scaled apart.
    /// </summary>
    /// <param name="builder">The program.</param>
    /// <param name="define">What the application is made of.</param>
    public static WebApplicationBuilder AddEventPlatform(this WebApplicationBuilder builder, Action<PlatformBuilder> define)
    {
        builder.AddEventPlatformSilo(define);
        builder.AddApi();
        builder.AddApiMeters();
        builder.AddOwnSilo();
        return builder;
    }

    /// <summary>
    /// A silo: it takes records from Kafka, stores events, and runs projections and jobs. Silos find each other in Postgres; the cluster is that of
    /// <c>Cluster:Id</c>, so an application gives its own.
    /// </summary>
    /// <param name="builder">The program.</param>
    /// <param name="define">What the application is made of: the same on every silo and API.</param>
    public static WebApplicationBuilder AddEventPlatformSilo(this WebApplicationBuilder builder, Action<PlatformBuilder> define)
    {
        builder.ThrowIfImpossible();
        builder.AddSiloTelemetry();
        builder.AddSilo(define);
        return builder;
    }

    /// <summary>
    /// The API: projections, jobs, dead letters, replays, topics, schemas, where an event went, records over HTTP, health. It has no authentication, and so
    /// listens on this machine only, unless <c>Api:AllowAnonymous</c> says otherwise. It asks silos that run elsewhere.
    /// </summary>
    /// <param name="builder">The program.</param>
    /// <param name="define">What the application is made of: the same on every silo and API.</param>
    public static WebApplicationBuilder AddEventPlatformApi(this WebApplicationBuilder builder, Action<PlatformBuilder> define)
    {
        builder.ThrowIfImpossible();
        builder.AddApi();
        builder.AddApiTelemetry();
        builder.Services.AddEventPlatformClient(builder.Configuration, define);
        builder.AddClusterClient();
        return builder;
    }

    /// <summary>The endpoints of what was added: of a silo its health, metrics and streams; of the API everything that it answers.</summary>
    /// <param name="app">The program.</param>
    public static WebApplication MapEventPlatform(this WebApplication app)
    {
        var services = app.Services.GetRequiredService<IServiceProviderIsService>();
        var isSilo = services.IsService(typeof(Orleans.Streams.Kafka.IKafkaStreamsStatus));
        if (services.IsService(typeof(ClusterConnection)))
            app.MapApi();
        else
            app.MapSiloHealth();
        if (isSilo)
            app.MapStreams();
        app.MapPrometheusScrapingEndpoint("/metrics");
        return app;
    }

    private static void AddApi(this WebApplicationBuilder builder)
    {
        builder.AddApiHosting();
        builder.AddCluster();
        builder.AddProjections();
        builder.AddJobs();
        builder.AddTopics();
        builder.AddIngest();
        builder.AddDeadLetters();
        builder.AddHealth();
    }

    private static void MapApi(this WebApplication app)
    {
        app.UseApiHosting();
        app.MapEvents();
        app.MapIngest();
        app.MapProjections();
        app.MapJobs();
        app.MapReplays();
        app.MapDeadLetters();
        app.MapOperations();
        app.MapAudits();
        app.MapTopics();
        app.MapSchemas();
        app.MapHealth();
        app.MapDashboard();
    }

    private static void ThrowIfImpossible(this WebApplicationBuilder builder)
    {
        if (builder.Services.Any(s => s.ServiceType == typeof(PlatformTopics)))
            throw new InvalidOperationException("The platform was added to this program before. A program that is silo and API calls AddEventPlatform, and nothing else.");
        if (string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString("Postgres")))
            throw new StartupException("ConnectionStrings:Postgres is not set (as an environment variable: ConnectionStrings__Postgres). The cluster and the events live there.");
    }
}

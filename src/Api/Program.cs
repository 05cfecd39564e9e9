using Api.Accounts;
using Api.Audits;
using Api.Cluster;
using Api.Dashboard;
using Api.DeadLetters;
using Api.Events;
using Api.Events.Ingest;
using Api.Health;
using Api.Hosting;
using Api.Jobs;
using Api.Live;
using Api.Operations;
using Api.Projections;
using Api.Replays;
using Api.Schemas;
using Api.Topics;
using Api.Transfers;
using Api.Users;

return await ApiRun.ToEndAsync(() =>
{
    // Settings and the page lie beside the program, wherever it is started from.
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    builder.AddApiHosting();
    builder.AddTelemetry();
    builder.AddPlatform();
    builder.AddCluster();
    builder.AddAccounts();
    builder.AddTransfers();
    builder.AddProjections();
    builder.AddJobs();
    builder.AddTopics();
    builder.AddIngest();
    builder.AddDeadLetters();
    builder.AddLive();
    builder.AddHealth();

    var app = builder.Build();
    app.UseApiHosting();
    app.MapUsers();
    app.MapActivity();
    app.MapAccounts();
    app.MapTransfers();
    app.MapEvents();
    app.MapIngest();
    app.MapProjections();
    app.MapJobs();
    app.MapReplays();
    app.MapDeadLetters();
    app.MapOperations();
    app.MapAudits();
    app.MapTopics();
    app.MapLive();
    app.MapSchemas();
    app.MapHealth();
    app.MapMetrics();
    app.MapDashboard();
    return app;
});

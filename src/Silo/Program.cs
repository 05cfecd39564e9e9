using EventPlatform.Clustering;
using EventPlatform.Hosting;
using Grains;
using Orleans.Dashboard;
using Silo;

return await SiloRun.ToEndAsync(() =>
{
    // Settings lie beside the program, wherever it is started from.
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    builder.AddObservability();
    FewErrors.OfAgents(builder.Services, "kafka", "kafka-jobs");
    builder.Host.UseOrleans((_, silo) =>
    {
        silo.UsePostgresClustering();
        silo.UseLoopbackEndpoints();
        silo.AddEventPlatform(Shop.Define);
        silo.AddDashboard();
    });

    var app = builder.Build();
    app.MapSiloHealth();
    app.MapPrometheusScrapingEndpoint("/metrics");
    return app;
});

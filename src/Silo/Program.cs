using EventPlatform.Clustering;
using EventPlatform.Hosting;
using Grains;
using Orleans.Dashboard;
using Silo;

var builder = WebApplication.CreateBuilder(args);
builder.AddObservability();
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
await app.RunAsync();

using EventPlatform.Clustering;
using EventPlatform.Hosting;
using Grains;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Silo;

namespace Chaos.Planted;

/// <summary>A silo as src/Silo makes it, with one of its parts replaced by one that does wrong.</summary>
internal static class PlantedSilo
{
    public static async Task<int> RunAsync(string defect)
    {
        var planted = Defects.All.Single(d => d.Name == defect);
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.AddObservability();
        builder.Host.UseOrleans((_, silo) =>
        {
            silo.UsePostgresClustering();
            silo.UseLoopbackEndpoints();
            silo.AddEventPlatform(Shop.Define);
            planted.Plant(silo.Services);
        });
        var app = builder.Build();
        app.MapSiloHealth();
        await app.RunAsync();
        return 0;
    }
}

using EventPlatform.AspNetCore;
using Grains;
using Microsoft.AspNetCore.Builder;

namespace Chaos.Planted;

/// <summary>A silo as src/Silo makes it, with one of its parts replaced by one that does wrong.</summary>
internal static class PlantedSilo
{
    public static async Task<int> RunAsync(string defect)
    {
        var planted = Defects.All.Single(d => d.Name == defect);
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.AddEventPlatformSilo(Shop.Define);
        planted.Plant(builder.Services);
        var app = builder.Build();
        app.MapEventPlatform();
        await app.RunAsync();
        return 0;
    }
}

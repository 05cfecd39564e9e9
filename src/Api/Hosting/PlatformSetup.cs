using EventPlatform.Hosting;
using Grains;

namespace Api.Hosting;

/// <summary>The shop as the silos have it, read from here.</summary>
internal static class PlatformSetup
{
    public static void AddPlatform(this WebApplicationBuilder builder)
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString("Postgres")))
            throw new StartupException("ConnectionStrings:Postgres is not set (as an environment variable: ConnectionStrings__Postgres). The cluster and the events live there.");
        builder.Services.AddEventPlatformClient(builder.Configuration, Shop.Define);
    }
}

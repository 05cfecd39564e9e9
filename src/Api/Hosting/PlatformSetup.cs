using EventPlatform.Hosting;
using Grains;

namespace Api.Hosting;

/// <summary>The shop as the silos have it, read from here.</summary>
internal static class PlatformSetup
{
    public static void AddPlatform(this WebApplicationBuilder builder) =>
        builder.Services.AddEventPlatformClient(builder.Configuration, Shop.Define);
}

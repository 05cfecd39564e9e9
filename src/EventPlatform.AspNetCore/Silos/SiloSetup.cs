using EventPlatform.Clustering;
using EventPlatform.Hosting;
using Orleans.Dashboard;

namespace EventPlatform.AspNetCore.Silos;

/// <summary>The program as a silo.</summary>
internal static class SiloSetup
{
    public static void AddSilo(this WebApplicationBuilder builder, Action<PlatformBuilder> define)
    {
        FewErrors.OfAgents(builder.Services, PlatformHosting.StreamProvider, "kafka-jobs");
        builder.Host.UseOrleans((_, silo) =>
        {
            silo.UsePostgresClustering();
            silo.UseLoopbackEndpoints();
            silo.AddEventPlatform(define);
            silo.AddDashboard(dashboard => dashboard.HideTrace = true); // where the API is served, as an API alone serves it
        });
    }
}

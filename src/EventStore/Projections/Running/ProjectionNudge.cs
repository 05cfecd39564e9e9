using EventStore.Appending;

namespace EventStore.Projections.Running;

/// <summary>Makes a projection's grain look at what was changed, at once. Without it the keep-alive does so a moment later.</summary>
internal sealed class ProjectionNudge(IServiceProvider services, ProjectionLog log)
{
    public async Task SendAsync(string name)
    {
        if (services.GetService(typeof(IGrainFactory)) is not IGrainFactory grains)
            return;
        try
        {
            await grains.GetGrain<IProjectionGrain>(name).RefreshAsync();
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or StoreUnavailableException)
        {
            log.KeepAliveFailed(name, e.Message);
        }
    }
}

using EventPlatform.AspNetCore.Http;
using EventStore.Projections;

namespace EventPlatform.AspNetCore.Projections;

/// <summary>Where every projection stands, asked at most once a second for all live clients.</summary>
internal sealed class ProjectionStatuses(IProjections projections, TimeProvider time)
{
    private readonly Shared<IReadOnlyList<ProjectionStatus>> _all = new(
        async ct => await projections.ListAsync(ct), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), time);

    public Task<IReadOnlyList<ProjectionStatus>> GetAsync(CancellationToken cancellationToken) => _all.GetAsync(cancellationToken);
}
